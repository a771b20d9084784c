"""What a question about health expects: which processes, and how old the newest trade may be."""

from datetime import timedelta

from candlewick.config import parse_duration
from candlewick.errors import ConfigError
from candlewick.status import PROCESSES


def processes(text: str, where: str) -> tuple[str, ...]:
    """Return the processes of `recorder,warehouse`; none of `none`. Raises `ConfigError` that names `where`."""
    names = tuple(name.strip() for name in text.split(",") if name.strip() not in ("", "none"))
    if unknown := [name for name in names if name not in PROCESSES]:
        raise ConfigError(f"{where}: expected some of {', '.join(PROCESSES)}, or none, got {unknown[0]!r}")
    return names


def seconds(text: str | None, where: str) -> float | None:
    """Return the seconds of `60s` or `5m`. Raises `ConfigError` that names `where`."""
    if text is None:
        return None
    try:
        age = parse_duration(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None
    assert isinstance(age, timedelta), "a text is a duration or an error"
    return age.total_seconds()
