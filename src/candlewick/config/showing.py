"""The settings as a file again: every key with its value, and where the value came from."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from candlewick.config.loading import Sources
from candlewick.config.sections import Section

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_COLUMN = 60


def to_toml(sources: Sources) -> str:
    """Return what `candlewick config show` prints: valid as a settings' file. Raises `ConfigError`."""
    settings = sources.settings()
    plain, sections = [], []
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        if isinstance(value, Section):
            lines = [_line((key, name), getattr(value, name), sources) for name in type(value).model_fields]
            sections += ["", f"[{key}]", *lines]
        else:
            plain.append(_line((key,), value, sources))
    return "\n".join([*plain, *sections])


def _line(path: tuple[str, ...], value: Any, sources: Sources) -> str:  # noqa: ANN401 - any setting's value
    text = f"{path[-1]} = {_toml(value)}"
    origin = sources.origin(path)
    return text if origin is None else f"{text:<{_COLUMN}}  # {origin}"


def _toml(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, timedelta):
        return json.dumps(_duration(value))
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def _duration(value: timedelta) -> str:
    seconds = value.total_seconds()
    length, unit = next((each for each in _UNITS if seconds and seconds % each[0] == 0), _UNITS[-1])
    return f"{seconds / length:.15g}{unit}"
