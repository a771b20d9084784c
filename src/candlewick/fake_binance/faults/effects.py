"""Pure: what each kind of fault does to the frames of a line."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from candlewick.fake_binance.faults import frames
from candlewick.fake_binance.faults.active import Active
from candlewick.fake_binance.faults.line import Line, Parcel

_COPY_WITHIN = 0.3
"""A second copy of a frame comes within so many seconds."""


class Effect:
    """A fault at work on lines; this one lets frames pass. One effect serves all the lines that its fault hits."""

    def __init__(self, active: Active) -> None:
        self._active = active

    def is_over(self, now: float) -> bool:
        """Whether it does nothing any more."""
        return self._active.is_over(now)

    def allows_pings(self) -> bool:
        """Whether the server still pings."""
        return True

    def carry(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame."""
        symbol = self._active.fault.symbol
        if symbol is not None and f"{symbol.lower()}@" not in parcel.text and f'"s":"{symbol}"' not in parcel.text:
            return (parcel,)
        return self.disturb(parcel, line)

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        return (parcel,)


class NoPings(Effect):
    """Frames pass, but no pings are sent."""

    def allows_pings(self) -> bool:
        """Whether the server still pings."""
        return False


class Silence(Effect):
    """Nothing passes; what was due is lost."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        self._active.see()
        return ()


class Deaf(Silence):
    """Nothing ever passes on a connection that was opened at a bad time."""

    def is_over(self, now: float) -> bool:
        """Whether it does nothing any more."""
        return self._active.is_spent


class Mute(Silence, NoPings):
    """Nothing passes, and no pings are sent."""


class Lag(Effect):
    """Frames come late."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        self._active.see()
        return (parcel.later(self._active.value),)


class Trickle(Effect):
    """Frames come at a slow pace; those that are left come when it is over."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        self._active.see()
        due = max(parcel.due, line.last_due + 1.0 / self._active.value)
        return (replace(parcel, due=min(due, max(self._active.ends, parcel.due))),)


class Reorder(Effect):
    """Frames overtake each other."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        self._active.see()
        return (parcel.later(self._active.rng.uniform(0.0, self._active.value), is_loose=True),)


class Duplicate(Effect):
    """Frames come a second time, somewhat later."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        self._active.hit()
        return parcel, parcel.later(self._active.rng.uniform(0.0, _COPY_WITHIN), is_loose=True)


class Conflict(Effect):
    """A trade comes twice, with two prices: the true one first, or last."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        trade = frames.trade_of(parcel.text)
        if trade is None:
            return (parcel,)
        self._active.hit(f"{trade.symbol} {trade.trade_id}")
        other = replace(parcel, text=frames.with_another_price(parcel.text, self._active.rng))
        return (other, parcel) if self._active.fault.kind == "conflict_first" else (parcel, other)


class Malformed(Effect):
    """A frame that cannot be read, instead of a trade's or before it."""

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        trade, rng = frames.trade_of(parcel.text), self._active.rng
        if trade is None:
            return (parcel,)
        self._active.hit(f"{trade.symbol} {trade.trade_id}")
        if self._active.fault.kind == "unknown_event":
            return replace(parcel, text=frames.undocumented(rng)), parcel
        spoil = frames.cut if self._active.fault.kind == "cut_json" else frames.with_wrong_types
        return (replace(parcel, text=spoil(parcel.text, rng)),)


class HalfFrame(Effect):
    """The next frame breaks off, and the connection with it."""

    def __init__(self, active: Active) -> None:
        super().__init__(active)
        self._broken: set[int] = set()

    def is_over(self, now: float) -> bool:
        """Whether it does nothing any more."""
        return False

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        if line.connection in self._broken:
            return ()
        self._broken.add(line.connection)
        self._active.see(f"connection {line.connection}")
        return (replace(parcel, is_half=True),)


class Skip(Effect):
    """Ids are left out: of each symbol, those from the first that came on any line."""

    def __init__(self, active: Active) -> None:
        super().__init__(active)
        self._first: dict[str, int] = {}
        self._passed: set[str] = set()

    def disturb(self, parcel: Parcel, line: Line) -> Iterable[Parcel]:
        """Return what becomes of a frame that is to be hit."""
        trade = frames.trade_of(parcel.text)
        if trade is None:
            return (parcel,)
        first, count = self._first.setdefault(trade.symbol, trade.trade_id), self._active.fault.count or 0
        if trade.trade_id >= first + count:
            self._pass(trade.symbol, parcel.due)
        if not first <= trade.trade_id < first + count:
            return (parcel,)
        self._active.see(f"{trade.symbol} from {first}" if trade.trade_id == first else None)
        return ()

    def _pass(self, symbol: str, now: float) -> None:
        """Note that a symbol is behind its ids on one line; the others get a second to follow."""
        self._passed.add(symbol)
        if self._passed == self._first.keys():
            self._active.ends = min(self._active.ends, now + 1.0)


EFFECTS: dict[str, Callable[[Active], Effect]] = {
    "silence": Silence,
    "mute": Mute,
    "deaf": Deaf,
    "no_pings": NoPings,
    "trickle": Trickle,
    "lag": Lag,
    "reorder": Reorder,
    "duplicate": Duplicate,
    "conflict": Conflict,
    "conflict_first": Conflict,
    "cut_json": Malformed,
    "wrong_types": Malformed,
    "unknown_event": Malformed,
    "half_frame": HalfFrame,
    "skip": Skip,
}
"""Of each kind that works on frames."""
