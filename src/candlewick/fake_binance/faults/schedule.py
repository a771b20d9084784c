"""Pure: when which fault begins: as planned, or at random from a seed. Seconds since the exchange's start."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Protocol

from candlewick.config import parse_duration
from candlewick.errors import ConfigError
from candlewick.fake_binance.faults.catalogue import KINDS, Kind, kinds_named
from candlewick.fake_binance.faults.fault import Fault

ON_DEMAND = "on-demand"
_EVERY = 5.0
_LEGS = (None, 0, 1)
_KEYS = ("seed", "every", "kinds")


class Schedule(Protocol):
    """Faults in the order of their times; `seed` is that of what is random in each."""

    @property
    def seed(self) -> int:
        """What everything random comes from."""

    def due(self, now: float) -> list[Fault]:
        """Return the faults that begin until `now`, each once."""

    def next_at(self) -> float | None:
        """Return when the next fault begins; None where none will."""


class Plan:
    """Faults that are named beforehand."""

    def __init__(self, faults: Iterable[Fault] = (), *, seed: int = 0) -> None:
        self.seed = seed
        self._faults = deque(sorted(faults, key=lambda fault: fault.at))

    def due(self, now: float) -> list[Fault]:
        """Return the faults that begin until `now`, each once."""
        found = []
        while self._faults and self._faults[0].at <= now:
            found.append(self._faults.popleft())
        return found

    def next_at(self) -> float | None:
        """Return when the next fault begins; None after the last one."""
        return self._faults[0].at if self._faults else None


class RandomFaults:
    """One fault `every` so many seconds in the mean (from half of that to one and a half), for ever.

    The same seed gives the same faults at the same times, however often it is asked.
    """

    def __init__(self, seed: int, kinds: Sequence[str] = tuple(KINDS), every: float = _EVERY) -> None:
        self.seed = seed
        self._rng = Random(seed)
        self._kinds = [KINDS[name] for name in kinds]
        self._every = every
        self._next = self._draw(0.0)

    def due(self, now: float) -> list[Fault]:
        """Return the faults that begin until `now`, each once."""
        found = []
        while self._next.at <= now:
            found.append(self._next)
            self._next = self._draw(self._next.at)
        return found

    def next_at(self) -> float:
        """Return when the next fault begins."""
        return self._next.at

    def _draw(self, after: float) -> Fault:
        at = round(after + self._every * self._rng.uniform(0.5, 1.5), 3)
        kind = self._rng.choice(self._kinds)
        fault = Fault(kind.name, at, leg=self._rng.choice(_LEGS) if kind.room == "stream" else None)
        return replace(fault, **self._amounts(kind))

    def _amounts(self, kind: Kind) -> dict[str, Any]:
        names = ("seconds", "count", "value", "status")
        given = {name: getattr(kind, name) for name in names}
        return {name: amount.draw(self._rng) for name, amount in given.items() if amount is not None}


def parse(text: str) -> Schedule:
    """Read `on-demand`, or `seed=7,every=5s,kinds=drop|silence` in any part. Raises `ConfigError` in one line.

    A kind may be the name of a room, which stands for all kinds in it; no kinds stand for all there are.
    """
    if text.strip() == ON_DEMAND:
        return Plan()
    given = dict(_pair(part) for part in text.split(","))
    try:
        kinds = kinds_named(given["kinds"].split("|")) if "kinds" in given else list(KINDS)
    except KeyError as unknown:
        raise ConfigError(f"faults: expected kinds out of {', '.join(KINDS)}, got {unknown}") from None
    return RandomFaults(_seed(given.get("seed", "1")), kinds, _seconds(given.get("every", f"{_EVERY}s")))


def _pair(part: str) -> tuple[str, str]:
    key, equals, value = part.strip().partition("=")
    if not equals or key not in _KEYS:
        raise ConfigError(f"faults: expected 'seed=7,every=5s,kinds=drop|silence' or '{ON_DEMAND}', got {part!r}")
    return key, value


def _seed(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"faults: expected a whole number for a seed, got {text!r}") from None


def _seconds(text: str) -> float:
    try:
        every = parse_duration(text)
    except ValueError as error:
        raise ConfigError(f"faults: every: {error}") from None
    seconds = every.total_seconds() if hasattr(every, "total_seconds") else 0.0
    if seconds <= 0:
        raise ConfigError(f"faults: every: expected more than 0 s, got {text!r}")
    return float(seconds)
