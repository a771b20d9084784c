"""`CANDLEWICK_*`: every setting as a variable of the environment, and which variable a value came from.

`CANDLEWICK_HISTORY` is the key `history`, `CANDLEWICK_DASHBOARD__PORT` is `port` of `[dashboard]`. A list is written
`BTCUSDT,ETHUSDT`, or as JSON; a whole section as a JSON object. Pure: the variables come in from outside.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_origin

from pydantic import BaseModel

from candlewick.errors import ConfigError

PREFIX = "CANDLEWICK_"
_BETWEEN = "__"
_READ_ELSEWHERE = frozenset(
    {"CONFIG", "LOG_LEVEL", "CRASHPOINT", "SUPERVISED", "SEED", "RECORDING", "FUZZ_EXAMPLES", "SIMULATION_SEED"}
)
"""Variables that are no settings: of the command line, the log, a supervised process, the tests."""
_OF_KUBERNETES = re.compile(
    r"([A-Z0-9_]+_)?(SERVICE_HOST=.*|SERVICE_PORT(_[A-Z0-9_]+)?=.*|PORT_\d+_(TCP|UDP|SCTP)(_[A-Z]+)?=.*|PORT=[a-z]+://.*)"
)
"""What Kubernetes hands to every pod for a service that is called candlewick, such as CANDLEWICK_PORT=tcp://10.0.0.1."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Environment:
    """The settings that variables give, nested as in the file, and the variable that each came from."""

    known: frozenset[Path]
    values: dict[str, Any] = field(default_factory=dict)
    variables: dict[Path, str] = field(default_factory=dict)

    @classmethod
    def read(cls, variables: Mapping[str, str], model: type[BaseModel]) -> "Environment":
        """Take what variables say about a model's fields. Raises `ConfigError` for JSON that is none."""
        kinds = dict(_kinds(model))
        environment = cls(frozenset(kinds))
        for name, text in sorted(variables.items()):
            short = name.upper().removeprefix(PREFIX)
            path = tuple(short.lower().split(_BETWEEN))
            if short == name.upper() or short in _READ_ELSEWHERE or _OF_KUBERNETES.fullmatch(f"{short}={text}"):
                continue
            environment._put(path, name, _decoded(name, text, kinds.get(path)))
        return environment

    def names(self, path: Path) -> list[str]:
        """Return the variables that gave a key, or parts of a section, or the section that a key is in."""
        return [name for at, name in self.variables.items() if at[: len(path)] == path[: len(at)]]

    def suggestion(self, path: Path) -> str | None:
        """Return the variable that was perhaps meant by an unknown one."""
        names = sorted(_BETWEEN.join(each).upper() for each in self.known)
        wrong = next(iter(self.names(path)), "").upper().removeprefix(PREFIX)
        return next((PREFIX + name for name in get_close_matches(wrong, names, 1)), None)

    def _put(self, path: Path, name: str, value: Any) -> None:  # noqa: ANN401 - as pydantic takes it
        below: Any = self.values
        for part in path[:-1]:
            below = below.setdefault(part, {})
            if not isinstance(below, dict):  # a key of something that is no section: let the whole be refused
                return
        before = below.get(path[-1])
        below[path[-1]] = before | value if isinstance(before, dict) and isinstance(value, dict) else value
        self.variables[path] = name


def _kinds(model: type[BaseModel]) -> "list[tuple[Path, Any]]":
    """The paths of a model's keys, sections included, and their types."""
    found: list[tuple[Path, Any]] = []
    for key, info in model.model_fields.items():
        found.append(((key,), info.annotation))
        if _is_section(info.annotation):
            found += [((key, *path), kind) for path, kind in _kinds(info.annotation)]  # type: ignore[arg-type]
    return found


def _is_section(kind: Any) -> bool:  # noqa: ANN401 - any annotation
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _decoded(name: str, text: str, kind: Any) -> Any:  # noqa: ANN401 - as pydantic takes it
    is_list = get_origin(kind) is tuple
    if _is_section(kind) or (is_list and text.lstrip().startswith("[")):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"{name}: not valid JSON: {error}") from None
    return [part.strip() for part in text.split(",") if part.strip()] if is_list else text
