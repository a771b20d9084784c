"""Pure: one fault, as a scenario names it: a kind out of the catalogue, when, where, and how much of it."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import msgspec

from candlewick.errors import ConfigError
from candlewick.fake_binance.faults.catalogue import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a `kind` (see `catalogue`) that begins `at` seconds; what is None takes the kind's default.

    It lasts for `seconds` or for `count` occasions, whichever ends first. `leg` is a connection (0 is the oldest
    one open; None: all that are open), `symbol` and `path` narrow down what it hits (a symbol; a part of a REST path
    or file name). What `value` and `status` mean is the kind's to say.
    """

    kind: str
    at: float = 0.0
    leg: int | None = None
    symbol: str | None = None
    path: str | None = None
    seconds: float | None = None
    count: int | None = None
    value: float | None = None
    status: int | None = None

    def __post_init__(self) -> None:
        known = KINDS.get(self.kind)
        if known is None:
            raise ConfigError(f"faults: expected one of {', '.join(KINDS)}, got {self.kind!r}")
        for name in ("seconds", "count", "value", "status"):
            if getattr(self, name) is not None and getattr(known, name) is None:
                raise ConfigError(f"faults: {self.kind} has no {name}; it takes {', '.join(known.takes)}")

    @property
    def of(self) -> Kind:
        """The kind, out of the catalogue."""
        return KINDS[self.kind]

    def filled(self) -> "Fault":
        """Return the fault with its kind's defaults where it says nothing itself."""
        kind, given = self.of, {}
        for name in ("seconds", "count", "value", "status"):
            amount = getattr(kind, name)
            if amount is not None and getattr(self, name) is None:
                given[name] = amount.usual
        return replace(self, **given)

    def said(self) -> dict[str, Any]:
        """Return what the fault says, without what it leaves open: for logs and answers."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def from_json(text: bytes) -> list[Fault]:
    """Read a fault, or a list of them, as JSON objects. Raises `ConfigError` in one line."""
    try:
        given = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigError(f"faults: expected JSON: {error}") from None
    return [_read(each) for each in (given if isinstance(given, list) else [given])]


def _read(given: object) -> Fault:
    known = {field.name for field in fields(Fault)}
    if not isinstance(given, Mapping) or not given.keys() <= known:
        raise ConfigError(f"faults: expected objects with {', '.join(sorted(known))}, got {given!r}")
    try:
        return msgspec.convert(given, Fault)
    except msgspec.ValidationError as error:
        raise ConfigError(f"faults: {error}") from None
