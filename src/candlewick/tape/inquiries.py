"""What the exchange is asked a second time: trades whose copies differ, and ids that it said do not exist.

Its answers are evidence and go into the lake: of a dispute its own copy of the trade, of a declared hole the row that
came in place of the ids that were asked for. A hole is asked about again and again, less and less often; ids that turn
out to exist are missing like any others.
"""

import time
from collections.abc import Callable

import msgspec
import structlog

from candlewick.binance.rest import PAGE, Rest
from candlewick.binance.rows import TradeRow
from candlewick.moments import now_us
from candlewick.spans import Range
from candlewick.tape.coverage import Coverage
from candlewick.tape.doubts import Doubts
from candlewick.tape.writer import Writer
from candlewick.trade import raw_line

FIRST_WAIT, LONGEST_WAIT = 600.0, 86_400.0
"""Seconds until a declared hole is asked about again: after each time twice as long."""

log = structlog.get_logger()


class Inquiries:
    """Those about one symbol."""

    def __init__(
        self,
        symbol: str,
        coverage: Coverage,
        rest: Rest,
        writer: Writer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._symbol = symbol
        self._coverage = coverage
        self._rest = rest
        self._writer = writer
        self._clock = clock
        self._holes = Doubts(first_wait=FIRST_WAIT, longest_wait=LONGEST_WAIT)
        self._disputes = Doubts()
        for first, _ in coverage.declared:
            self._holes.not_yet(first, clock())

    def declared(self, hole: Range, limit: int, answer: TradeRow) -> None:
        """Keep the answer that made ids a declared hole: the first row of a page of `limit` from its first id on."""
        first, last = hole
        asked = f"/api/v3/historicalTrades?symbol={self._symbol}&fromId={first}&limit={limit}"
        event = {"e": "hole", "s": self._symbol, "first": first, "last": last, "asked": asked, "answer": answer}
        self._writer.declare(self._symbol, hole, raw_line(msgspec.json.encode(event), "rest", now_us()))
        self._holes.not_yet(first, self._clock())

    async def ask(self) -> None:
        """Ask whatever is due. Raises `ExchangeError`."""
        for trade_id in list(self._coverage.disputed):
            if self._disputes.is_due(trade_id, self._clock()):
                await self._settle(trade_id)
        for hole in self._coverage.declared:
            if self._holes.is_due(hole[0], self._clock()):
                await self._ask_about(hole)

    async def _settle(self, trade_id: int) -> None:
        """Add the exchange's own copy of a trade to those that differ."""
        rows = await self._rest.historical_trades(self._symbol, trade_id, 1)
        if not rows or rows[0].id != trade_id:
            self._disputes.not_yet(trade_id, self._clock())
            return
        self._disputes.clear(trade_id)
        del self._coverage.disputed[trade_id]
        self._writer.take(self._symbol, trade_id, rows[0].line(self._symbol, now_us()))
        log.warning("dispute settled", symbol=self._symbol, trade=rows[0])

    async def _ask_about(self, hole: Range) -> None:
        first, last = hole
        self._holes.not_yet(first, self._clock())
        rows = await self._rest.historical_trades(self._symbol, first, min(last - first + 1, PAGE))
        existing = [row.id for row in rows if first <= row.id <= last]
        for trade_id in existing:
            self._coverage.exists(trade_id)
        if existing:
            log.warning("declared ids exist after all", symbol=self._symbol, trades=len(existing), declared=hole)
