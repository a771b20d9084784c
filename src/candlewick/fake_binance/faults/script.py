"""Pure: the policy that injects a schedule's faults, and those that are asked for, on a clock from outside."""

import time
from collections.abc import Callable, Mapping
from random import Random

import structlog

from candlewick.fake_binance.faults.active import Active
from candlewick.fake_binance.faults.answers import Answers
from candlewick.fake_binance.faults.fault import Fault
from candlewick.fake_binance.faults.holes import HoledMarket, Holes
from candlewick.fake_binance.faults.journal import Entry, Journal
from candlewick.fake_binance.faults.legs import Legs
from candlewick.fake_binance.faults.line import Line
from candlewick.fake_binance.faults.schedule import Plan, Schedule
from candlewick.fake_binance.faults.seam import Disturbance, Faults, FileFault, Refusal
from candlewick.fake_binance.market.market import Market

_log = structlog.get_logger(__name__)


class Script(Faults):
    """Faults by schedule and on demand, noted in `journal`. The same schedule and the same times: the same faults.

    `clock` says seconds from any origin, `wall` those since the epoch; a simulation passes its own.
    """

    def __init__(
        self,
        schedule: Schedule | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.journal = Journal()
        self.legs = Legs(clock)
        self.holes = Holes()
        self._schedule = schedule or Plan()
        self._clock = clock
        self._answers = Answers(clock, wall)
        self._refusals: list[Active] = []
        self._files: list[Active] = []
        self._skews: list[Active] = []
        self._all: list[Active] = []
        self._started_at = self._followed_at = clock()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started_at

    @property
    def is_down(self) -> bool:
        """Whether nobody is to listen."""
        now = self._clock()
        return any(each.fault.kind == "down" and not each.is_over(now) for each in self._refusals)

    @property
    def is_quiet(self) -> bool:
        """Whether no fault is at work."""
        self.advance()
        return not self._all

    def next_at(self) -> float | None:
        """Return when something happens next by itself, in the clock's seconds; None where nothing will."""
        moments = [at for line in self.legs.lines.values() if (at := line.next_at()) is not None]
        moments += [each.ends for each in self._refusals if each.fault.kind == "down"]
        if (at := self._schedule.next_at()) is not None:
            moments.append(self._followed_at + at)
        return min(moments, default=None)

    def advance(self) -> None:
        """Begin the faults whose time has come."""
        now = self._clock()
        for group in (self._all, self._refusals, self._files, self._skews):
            group[:] = [active for active in group if not active.is_over(now)]
        for fault in self._schedule.due(now - self._followed_at):
            self._begin(fault)

    def follow(self, schedule: Schedule) -> None:
        """Begin the faults of another schedule from now on, whose times count from now; those at work go on."""
        self._schedule, self._followed_at = schedule, self._clock()

    def inject(self, *faults: Fault) -> list[Entry]:
        """Begin faults now, whatever time they name; return their entries in the journal."""
        return [self._begin(fault) for fault in faults]

    def heal(self) -> None:
        """End every fault at work; what it delayed still comes, and ids that do not exist remain so."""
        for active in self._all:
            active.stop()

    def _begin(self, fault: Fault) -> Entry:
        entry = self.journal.begin(self.elapsed, fault.filled())
        _log.info("fault", number=entry.number, began=round(entry.at, 3), **fault.filled().said())
        active = Active(entry, Random(f"{self._schedule.seed}/{entry.number}"), self._clock())
        self._all.append(active)
        match fault.of.room:
            case "stream":
                self.legs.begin(active)
            case "rest":
                self._answers.begin(active)
            case "handshake":
                self._refusals.append(active)
            case "archive":
                self._files.append(active)
            case "market" if fault.kind == "skew":
                self._skews.append(active)
                active.see()
            case "market":
                self.holes.begin(active)
        return entry

    def handshake(self, connection: int) -> Refusal | None:
        """Return how a WebSocket connection is refused, or None to accept it."""
        self.advance()
        active = next((each for each in self._refusals if each.fault.kind != "down"), None)
        if active is None:
            return None
        active.hit(f"connection {connection}")
        left = max(0.0, active.ends - self._clock())
        match active.fault.kind:
            case "refuse":
                return Refusal("answer", active.fault.status or 503)
            case "refuse_reset":
                return Refusal("reset")
            case "refuse_half":
                return Refusal("half")
        return Refusal("hang", seconds=left)

    def opened(self, connection: int) -> Line:
        """Return the line that carries a connection's frames."""
        self.advance()
        return self.legs.open(connection)

    def closed(self, connection: int) -> None:
        """Take note that a connection is over."""
        self.legs.close(connection)

    def request(self, path: str, query: str) -> Disturbance:
        """Return what happens to a REST request."""
        self.advance()
        return self._answers.request(path)

    def file(self, name: str) -> FileFault | None:
        """Return what is wrong with an archive file; None where nothing is."""
        self.advance()
        for active in self._files:
            if (active.fault.path or "") in name:
                active.hit(name)
                return active.fault.kind  # type: ignore[return-value]
        return None

    def weight_limit(self, limit: int) -> int:
        """Return the request weight that a minute allows now."""
        return self._answers.weight_limit(limit)

    def skew_us(self) -> int:
        """Return how far the exchange's clock is ahead of this machine's (µs)."""
        self.advance()
        return round(sum(active.value for active in self._skews) * 1e6)

    def meet(self, next_ids: Callable[[], Mapping[str, int]]) -> None:
        """Take how to ask for the first id of each symbol that is not yet public."""
        self.holes.meet(next_ids)

    def market(self, market: Market) -> Market:
        """Return the market with the ids left out that are to have no trade."""
        return HoledMarket(market, self.holes)
