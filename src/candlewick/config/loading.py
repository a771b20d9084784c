"""`load`: the file, then `CANDLEWICK_*` variables, then flags, merged and checked once."""

import os
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from candlewick.config.cloud import SECRET
from candlewick.config.environment import Environment
from candlewick.config.sections import UNFIT
from candlewick.config.settings import Settings
from candlewick.errors import ConfigError

VARIABLE = "CANDLEWICK_CONFIG"
CONFIG_FILE = Path("candlewick.toml")
EXAMPLE_FILE = Path(__file__).with_name("candlewick.example.toml")
DEMO_HOME = Path("candlewick-demo")
DEMO_FILE = DEMO_HOME / "candlewick.toml"


def load(path: Path | None = None, **flags: Any) -> Settings:
    """Read the settings from `path` (default as of `file_of`), the environment and `flags`.

    Flags that are None are not given; one of a section is a dict: `load(dashboard={"port": 8600})`.
    Relative folders in the file are relative to the file.
    Raises `ConfigError` with one line that names where the value came from, the key, what was expected and what came.
    """
    return sources_of(path, **flags).settings()


def file_of(path: Path | None = None) -> tuple[Path, bool]:
    """Return which file is read, and whether it must be there.

    It is the one that is named, or that `CANDLEWICK_CONFIG` names; else `candlewick.toml` in this folder, if there.
    """
    named = path or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    return named or CONFIG_FILE, named is not None


def sources_of(path: Path | None = None, **flags: Any) -> "Sources":
    """Gather what file, environment and flags say, unchecked. Raises `ConfigError` for what cannot be read."""
    file, is_named = file_of(path)
    values = _read_toml(file) if is_named or file.exists() else {}
    given = {key: value for key, value in flags.items() if value is not None}
    return Sources(file, values, Environment.read(os.environ, Settings), given)


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
        raise ConfigError(f"{path}: no such file; `candlewick config init` writes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    for key in ("data", "lake"):
        if isinstance(values.get(key), str) and values[key] and "://" not in values[key]:
            values[key] = str(path.parent / Path(values[key]).expanduser())
    return values


@dataclass(frozen=True)
class Sources:
    """What each source of settings says."""

    file: Path
    values: dict[str, Any]
    environment: Environment
    flags: dict[str, Any]

    def settings(self) -> Settings:
        """Merge and check them. Raises `ConfigError`."""
        try:
            return Settings(**_merge(_merge(self.values, self.environment.values), self.flags))
        except ValidationError as error:
            raise ConfigError(self._one_line(error)) from None

    def origin(self, path: tuple[str, ...]) -> str | None:
        """Name where the value of a key came from; None for a default."""
        given = (self.flags, self.environment.values, self.values)
        return self._of(path) if any(_holds(values, path) for values in given) else None

    def _one_line(self, error: ValidationError) -> str:
        problem = error.errors()[0]
        path = tuple(part for part in problem["loc"] if isinstance(part, str))
        key = ".".join(str(part) for part in problem["loc"])
        reason = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            return self._unknown(path)
        if problem["type"] == SECRET:
            secret = problem["ctx"]["key"]
            return f"{self._of((*path, secret))}: {key}.{secret}: {reason}"
        if problem["type"] == UNFIT:
            return f"{self._of_all(path)}: {key}: {reason}" if key else f"{self._of_all(path)}: {reason}"
        got = "" if " got " in reason else f", got {problem['input']!r}"
        return f"{self._of(path)}: {key}: {reason}{got}"

    def _unknown(self, path: tuple[str, ...]) -> str:
        if not _holds(self.values, path):
            meant = self.environment.suggestion(path)
            hint = f"did you mean {meant}?" if meant else "`candlewick config show` lists them all"
            return f"{self._of(path)}: no such setting; {hint}"
        names = sorted(".".join(each) for each in self.environment.known)
        meant = next(iter(get_close_matches(".".join(path), names, 1)), None)
        hint = f"did you mean '{meant}'?" if meant else "`candlewick config show` lists them all"
        return f"{self.file}: unknown key '{'.'.join(path)}'; {hint}"

    def _of(self, path: tuple[str, ...]) -> str:
        """Name what gave a key last, and so counts."""
        if _holds(self.flags, path):
            return "the command line"
        return next(iter(self.environment.names(path)), str(self.file))

    def _of_all(self, path: tuple[str, ...]) -> str:
        """Name all that gave parts of what does not fit together."""
        names = [str(self.file)] if _holds(self.values, path) and self.values else []
        names += self.environment.names(path)
        return ", ".join([*names, "the command line"] if _holds(self.flags, path) and self.flags else names)


def _holds(values: Any, path: tuple[str, ...]) -> bool:  # noqa: ANN401 - a section or a value
    for part in path:
        if not isinstance(values, dict) or part not in values:
            return False
        values = values[part]
    return True
