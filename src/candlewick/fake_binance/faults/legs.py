"""Pure: the connections that are open, and which faults are at work on which."""

from collections.abc import Callable

from candlewick.fake_binance.faults.active import Active
from candlewick.fake_binance.faults.effects import EFFECTS, Effect
from candlewick.fake_binance.faults.line import Announce, Close, Line, Reset

_LIFE_OVER = Close(1008, "connection is too old")
_ONCE = {"close", "drop", "half_frame", "shutdown"}
"""Kinds that are over as soon as they have begun."""

_MEETS_NEW = {"deaf", "life"}
"""Kinds that hit what is opened while they act, not only what is open when they begin."""


class Legs:
    """Lines by connection. A leg is a connection's place: 0 is the oldest open one's, and a new one takes the first
    that is free. A fault hits what is open when it begins; where nothing is that it could hit, what is opened next.
    It is over with the last connection that it hit.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.lines: dict[int, Line] = {}
        self._clock = clock
        self._waiting: list[Active] = []
        self._hit: list[tuple[Active, set[int]]] = []
        self._meeting_new: list[tuple[Active, Effect | None]] = []

    def open(self, connection: int) -> Line:
        """Return the line of a new connection."""
        taken = {line.leg for line in self.lines.values()}
        leg = next(place for place in range(len(taken) + 1) if place not in taken)
        line = self.lines[connection] = Line(connection, leg, self._clock)
        now = self._clock()
        self._meeting_new = [pair for pair in self._meeting_new if not pair[0].is_over(now)]
        for active, effect in self._meeting_new:
            if self._hits(active, line):
                self._work(active, effect, line)
        self._waiting = [active for active in self._waiting if not active.is_spent]
        waiting = [active for active in self._waiting if self._hits(active, line)]
        self._waiting = [active for active in self._waiting if active not in waiting]
        for active in waiting:
            active.start(now)
            self._begin_on(active, [line])
        return line

    def close(self, connection: int) -> None:
        """Take note that a connection is over."""
        self.lines.pop(connection, None)
        for active, connections in self._hit:
            connections.discard(connection)
            if not connections:
                active.stop()

    def begin(self, active: Active) -> None:
        """Let a fault work."""
        if active.fault.kind in _MEETS_NEW:
            effect = _effect(active)
            self._meeting_new.append((active, effect))
            if active.fault.kind == "life":
                for line in self._hit_by(active):
                    self._work(active, effect, line)
        elif lines := self._hit_by(active):
            self._begin_on(active, lines)
        else:
            self._waiting.append(active)

    def _begin_on(self, active: Active, lines: list[Line]) -> None:
        effect = _effect(active)
        for line in lines:
            self._work(active, effect, line)
        if active.fault.kind in _ONCE:
            active.stop()
        self._hit = [pair for pair in self._hit if not pair[0].is_over(self._clock())]
        self._hit.append((active, {line.connection for line in lines}))

    def _work(self, active: Active, effect: Effect | None, line: Line) -> None:
        if effect is not None:
            line.add(effect)
            return
        active.see(f"connection {line.connection}")
        fault = active.fault
        match fault.kind:
            case "close":
                line.do(Close(fault.status or 1000, "closed by the server"))
            case "drop":
                line.do(Reset())
            case "shutdown":
                line.do(Announce())
                line.do(Close(1001, "server shuts down"), active.value)
            case "life":
                line.do(_LIFE_OVER, max(0.0, line.opened_at + active.value - self._clock()))

    def _hit_by(self, active: Active) -> list[Line]:
        return [line for line in self.lines.values() if self._hits(active, line)]

    @staticmethod
    def _hits(active: Active, line: Line) -> bool:
        return active.fault.leg is None or active.fault.leg == line.leg


def _effect(active: Active) -> Effect | None:
    made = EFFECTS.get(active.fault.kind)
    return made(active) if made else None
