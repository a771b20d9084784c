"""Pure: two legs bring each event twice, byte for byte; the second one needs no decoding.

What was decoded is remembered under its bytes until its twin comes. Events whose twin never does are forgotten in
generations, so that memory is bounded. A twin that the exchange spells otherwise is decoded, as any event is.
"""

from candlewick import trade as trades
from candlewick.trade import Event, Trade

REMEMBERED = 4_096
"""Events of a generation; two of them are remembered."""


class Twins:
    """What the legs of one group of symbols have decoded."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._newer: dict[bytes, Trade] = {}
        self._older: dict[bytes, Trade] = {}

    def decode_event(self, frame: bytes) -> tuple[bytes, Event]:
        """Return a frame's event as bytes and decoded, as `trade.decode_event` does. Raises `MalformedFrameError`."""
        sliced = trades.payload(frame)
        if twin := self._newer.pop(sliced, None) or self._older.pop(sliced, None):
            return sliced, twin
        event, decoded = trades.decode_event(frame)
        if isinstance(decoded, Trade) and event == sliced:
            self._remember(event, decoded)
        return event, decoded

    def _remember(self, event: bytes, trade: Trade) -> None:
        if len(self._newer) >= self._remembered:
            self._older, self._newer = self._newer, {}
        self._newer[event] = trade
