"""`load`: the file, then `CANDLEWICK_*` variables, then flags, merged and checked once."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from candlewick.config.cloud import SECRET
from candlewick.config.sections import UNFIT
from candlewick.config.settings import Settings
from candlewick.errors import ConfigError

CONFIG_FILE = Path("candlewick.toml")
DEMO_HOME = Path("candlewick-demo")
DEMO_FILE = DEMO_HOME / "candlewick.toml"


def load(path: Path | None = None, **flags: Any) -> Settings:
    """Read the settings from `path` (default `candlewick.toml` if it exists), the environment and `flags`.

    Flags that are None are not given; one of a section is a dict: `load(dashboard={"port": 8600})`.
    Relative folders in the file are relative to the file.
    Raises `ConfigError` with one line that names the key, what was expected and what came.
    """
    source = path or CONFIG_FILE
    values = _read_toml(source) if path or source.exists() else {}
    given = {key: value for key, value in flags.items() if value is not None}
    environment = EnvSettingsSource(Settings)()
    try:
        return Settings(**_merge(_merge(values, environment), given))
    except ValidationError as error:
        raise ConfigError(_one_line(error, source)) from None


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on `under`; sections are merged key by key."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy candlewick.example.toml to start one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for key in ("data", "lake"):
        if isinstance(values.get(key), str) and values[key] and "://" not in values[key]:
            values[key] = str(path.parent / Path(values[key]).expanduser())
    return values


def _one_line(error: ValidationError, source: Path) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    reason = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        return f"{source}: unknown key '{key}'; candlewick.example.toml lists them all"
    if problem["type"] == SECRET:
        return f"{source}: {key}.{problem['ctx']['key']}: {reason}"
    if not key:
        return f"{source}: {reason}"
    if problem["type"] == UNFIT or " got " in reason:
        return f"{source}: {key}: {reason}"
    return f"{source}: {key}: {reason}, got {problem['input']!r}"
