"""The watch: it looks at every trade of the symbols that have a price alert, once and by id, and at the pipeline.

The feed tells the newest trades. What it cannot give (this process was down, or the ring is too short) comes from the
warehouse, and until then the trades behind it wait: a ring is never out of order. Ids that do not come for a minute are
owed: the tape goes on without them, and they are looked at when they are there.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count, takewhile
from typing import Any

import msgspec
import structlog

from candlewick.dashboard.alerts.alert import Alert, Ring, rings_of
from candlewick.dashboard.alerts.book import AlertBook, Owed, Position, of_symbol
from candlewick.dashboard.alerts.closing import judged
from candlewick.dashboard.alerts.progress import Progress
from candlewick.dashboard.bars import FeedTrade, scaled
from candlewick.dashboard.live.feed_client import FeedClient, OnTrades
from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.trades import page
from candlewick.errors import WarehouseError
from candlewick.moments import from_micros, now_us, to_micros
from candlewick.status import Report
from candlewick.warehouse.contract import Viewed

PATIENCE_SECONDS = 60.0
NOTE_SECONDS, LOOK_SECONDS = 1.0, 5.0
PAGE = 5_000
OWED_EVERY = 10
FAILED = frozenset({"healing", "mismatch"})
"""A day is in these states when a sealing has found something wrong with it."""
OWED_FOR_US = 86_400 * 1_000_000

log = structlog.get_logger(__name__)


class Watch:
    """Evaluates the alerts of a book. All of it runs on one event loop; reads are on threads."""

    def __init__(
        self,
        book: AlertBook,
        reader: Viewed,
        reads: Reads,
        *,
        feed: Callable[[OnTrades, Callable[[str], int | None]], FeedClient],
        report: Callable[[], Report],
        delivers: bool = False,
        patience: float = PATIENCE_SECONDS,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.book = book
        self._reader, self._reads, self._report = reader, reads, report
        self._delivers, self._patience, self._on_change = delivers, patience, on_change
        self._feed = feed(self._take, self._next_id)
        self._alerts: dict[str, Alert] = {alert.id: alert for alert in book.alerts()}
        self._tapes = {symbol: Progress(_seen(position)) for symbol, position in book.positions().items()}
        self._noted = {symbol: position.trade_id for symbol, position in book.positions().items()}
        self._held_since: dict[str, float] = {}

    @property
    def alerts(self) -> list[Alert]:
        """All alerts, the oldest first."""
        return list(self._alerts.values())

    async def put(self, alert: Alert) -> Alert:
        """Add or replace an alert; one of a price looks at trades from now on. Raises `CandlewickError`."""
        tape = self._tapes.get(alert.symbol)
        if tape is not None and tape.last is not None:
            alert = msgspec.structs.replace(alert, since_id=tape.last.trade_id)
        self.book.put(alert)
        self._alerts[alert.id] = alert
        await self._follow()
        self._on_change()
        return alert

    async def remove(self, alert_id: str) -> bool:
        """Remove an alert; returns whether there was one."""
        was_there = self.book.remove(alert_id)
        self._alerts.pop(alert_id, None)
        await self._follow()
        self._on_change()
        return was_there

    @asynccontextmanager
    async def running(self, on_failure: Callable[[BaseException], None]) -> AsyncIterator["Watch"]:
        """Watch while the block runs; `on_failure` hears of a task that failed."""

        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()):
                on_failure(error)

        await self._follow()
        tasks = [asyncio.create_task(run()) for run in (self._feed.run, self._keep_notes, self._look)]
        for task in tasks:
            task.add_done_callback(ended)
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._note_positions()

    async def _follow(self) -> None:
        """Follow exactly the symbols that have an armed price alert."""
        wanted = {alert.symbol for alert in self._alerts.values() if alert.is_of_price and alert.is_armed}
        for symbol in set(self._tapes) - wanted:
            del self._tapes[symbol]
            self._noted.pop(symbol, None)
            self.book.forget(symbol)
        for symbol in wanted - set(self._tapes):
            self._tapes[symbol] = Progress()
        await self._feed.want(frozenset(wanted))

    def _next_id(self, symbol: str) -> int | None:
        tape = self._tapes.get(symbol)
        return None if tape is None else tape.next_id

    def _take(self, symbol: str, trades: list[FeedTrade], _: int) -> None:
        if (tape := self._tapes.get(symbol)) is None:
            return
        before = tape.last
        self._evaluate(symbol, tape.take(trades), before)
        if tape.is_crowded:
            self._leap(symbol, tape)

    def _evaluate(
        self, symbol: str, trades: list[FeedTrade], before: FeedTrade | None, owed: Owed | None = None
    ) -> None:
        """Look at trades; what rings is in the book before this returns."""
        alerts = of_symbol(self._alerts.values(), symbol)
        rung = list(rings_of(alerts, trades, None if before is None else before.price))
        if not (rung or owed):
            return
        position = _position(trades[-1])
        self.book.went_on(symbol, None if owed else position, rung, settled=owed, delivers=self._delivers)
        if not owed:
            self._noted[symbol] = position.trade_id
        self._ring(rung)

    def _ring(self, rung: list[tuple[Alert, Ring]]) -> None:
        for alert, ring in rung:
            if alert.id in self._alerts:
                self._alerts[alert.id] = alert
            log.info("alert", key=ring.key, text=ring.text)
        if rung:
            self._on_change()

    async def _keep_notes(self) -> None:
        """Every second: note how far each tape is, and ask the warehouse for what the feed did not give."""
        for second in count(1):
            await asyncio.sleep(NOTE_SECONDS)
            for symbol, tape in list(self._tapes.items()):
                await self._fill(symbol, tape)
            for owed in self.book.owed() if second % OWED_EVERY == 0 else ():
                await self._settle(owed)
            self._note_positions()
            await self._follow()

    def _note_positions(self) -> None:
        for symbol, tape in self._tapes.items():
            if tape.last is not None and self._noted.get(symbol) != tape.last.trade_id:
                position = _position(tape.last)
                self.book.went_on(symbol, position, [])
                self._noted[symbol] = position.trade_id

    async def _fill(self, symbol: str, tape: Progress) -> None:
        """Take from the warehouse what lies in front of the waiting trades; leap over it after a while."""
        while tape.last is not None and (hole := tape.hole) is not None:
            since = self._held_since.setdefault(symbol, time.monotonic())
            rows = await self._trades(symbol, hole, tape.last.traded_at)
            before = tape.last  # the feed may have gone on meanwhile
            found = tape.fill(rows)
            self._evaluate(symbol, found, before)
            if found:
                self._held_since.pop(symbol, None)
            elif time.monotonic() - since > self._patience:
                self._leap(symbol, tape)
            else:
                return
        self._held_since.pop(symbol, None)

    def _leap(self, symbol: str, tape: Progress) -> None:
        """Go on behind a hole, which is owed from now on."""
        before, hole = tape.last, tape.hole
        if before is None or hole is None:
            return
        log.warning("alerts go on behind a hole", symbol=symbol, first=hole[0], last=hole[1])
        owed = Owed(symbol, *hole, before.price, before.traded_at, now_us())
        trades = tape.leap()
        rung = list(rings_of(of_symbol(self._alerts.values(), symbol), trades, before.price))
        position = _position(trades[-1])
        self.book.went_on(symbol, position, rung, owed=owed, delivers=self._delivers)
        self._noted[symbol] = position.trade_id
        self._held_since.pop(symbol, None)
        self._ring(rung)

    async def _settle(self, owed: Owed) -> None:
        """Look at ids that were owed, when all of them are there; after a day nobody waits for them."""
        if now_us() - owed.owed_at > OWED_FOR_US:
            log.warning("alerts never saw these ids", symbol=owed.symbol, first=owed.first_id, last=owed.last_id)
            self.book.went_on(owed.symbol, None, [], settled=owed)
            return
        hole, trades = (owed.first_id, owed.last_id), list[FeedTrade]()
        while len(trades) <= owed.last_id - owed.first_id:
            rest = await self._trades(owed.symbol, (hole[0] + len(trades), hole[1]), owed.traded_at)
            if not rest:
                return
            trades += rest
        self._evaluate(owed.symbol, trades, FeedTrade(hole[0] - 1, owed.price, 0, owed.traded_at), owed)

    async def _trades(self, symbol: str, ids: tuple[int, int], near: int) -> list[FeedTrade]:
        """The trades of these ids that the warehouse has, from the first on and without a hole; `PAGE` at most."""
        try:
            table = await self._reads(page, self._reader, symbol, from_micros(near), ids[0], PAGE)
        except WarehouseError as error:
            log.info("alerts wait for the warehouse", symbol=symbol, problem=str(error))
            return []
        wanted = zip(range(ids[0], ids[1] + 1), table.to_pylist(), strict=False)
        return [_trade(row) for _, row in takewhile(lambda each: each[0] == each[1]["trade_id"], wanted)]

    async def _look(self) -> None:
        """Every five seconds: is the pipeline in a trouble that somebody wants to hear of?"""
        while True:
            armed = [alert for alert in self._alerts.values() if alert.is_armed]
            for alert in armed:
                if alert.kind == "indicator":
                    await self._look_at_candles(alert)
            if any(alert.is_of_tape for alert in armed):
                report = await self._reads(self._report)
                for alert in self.alerts:
                    self._judge(alert, report, now_us())
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_at_candles(self, alert: Alert) -> None:
        """Look at what closed since this alert was last looked at; ring, alert and place are written together."""
        try:
            after, rings = await self._reads(judged, alert, self._reader, now_us())
        except WarehouseError as error:
            log.info("alerts wait for the warehouse", symbol=alert.symbol, problem=str(error))
            return
        if self._alerts.get(alert.id) is not alert or after is alert:
            return  # changed or removed meanwhile, or no news
        if rings:
            rung = [(after, ring) for ring in rings]
            self.book.went_on("", None, rung, delivers=self._delivers)
            self._ring(rung)
        else:
            self.book.put(after)
            self._alerts[alert.id] = after

    def _judge(self, alert: Alert, report: Report, at: int) -> None:
        if not alert.is_of_tape or not alert.is_armed:
            return
        trouble = trouble_of(alert, report)
        if (trouble is not None) == alert.is_on:
            return
        rings = trouble is not None and alert.is_due(at)
        after = msgspec.structs.replace(
            alert,
            is_on=trouble is not None,
            rang_at=at if rings else alert.rang_at,
            is_armed=alert.repeats or not rings,
        )
        if rings:
            text = f"{trouble}: {alert.note}" if alert.note else str(trouble)
            rung = [(after, Ring(f"{alert.id}-{at}", alert.id, at, text, alert.symbol))]
            self.book.went_on("", None, rung, delivers=self._delivers)
            self._ring(rung)
        else:
            self.book.put(after)
            self._alerts[alert.id] = after


def trouble_of(alert: Alert, report: Report) -> str | None:
    """Say what is wrong with the pipeline in the sense of a tape alert; None where nothing is. Pure."""
    if alert.kind == "stale":
        age = report.recorded_seconds if report.recorded_seconds is not None else report.freshness_seconds
        return f"The newest trade is {age:.0f} s old" if age is not None and age > float(alert.level) else None
    if alert.kind == "hole":
        holes = sum(each.holes for each in report.symbols if alert.symbol in ("", each.symbol))
        return f"{alert.symbol or 'The tape'} lacks {holes:,} trades" if holes else None
    if alert.kind == "seal":
        failed = [each for each in report.days.open if each.state in FAILED and alert.symbol in ("", each.symbol)]
        return f"{failed[0].symbol} {failed[0].day} cannot be sealed: {failed[0].why}" if failed else None
    differing = report.audit.get("mismatch", 0)
    return f"{differing:,} candles are not the exchange's own" if differing else None


def _position(trade: FeedTrade) -> Position:
    return Position(trade.trade_id, trade.price, trade.traded_at)


def _seen(position: Position) -> FeedTrade:
    return FeedTrade(position.trade_id, position.price, 0, position.traded_at)


def _trade(row: dict[str, Any]) -> FeedTrade:
    at = to_micros(row["traded_at"])
    return FeedTrade(row["trade_id"], scaled(row["price"]), scaled(row["quantity"]), at)
