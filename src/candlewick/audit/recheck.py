"""Before a mismatch is accepted, the exchange is asked again: for its candle, and for the minute's trades by id.

    agrees     its own trades are ours, one by one: its candle contradicts its trades, and the mismatch stands
    corrected  its candle is ours by now
    missing    it has trades of that minute that our tape has not
    differs    it has other values under an id than our tape has
    withdrawn  our tape has ids in that minute that it does not give

What it has and we have not goes into the lake as a backfill; nothing else is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from candlewick.audit.verdict import Mismatch, trades
from candlewick.binance.rest import PAGE, Rest
from candlewick.binance.rows import KlineRow, TradeRow
from candlewick.lake.batch import Batch
from candlewick.moments import MINUTE, from_micros, micros, minute_of, now_us, to_micros
from candlewick.spans import Spans
from candlewick.trade import COMPARED
from candlewick.warehouse.contract import Database

MOST_TRADES = 100_000
"""In a minute; Binance's busiest have had fewer."""


@dataclass
class Repair:
    """What the exchange has of a minute that we have not: a batch, and the times (µs) of its first and last line."""

    symbol: str
    first_at: int
    last_at: int
    batch: Batch = field(default_factory=Batch)


@dataclass(frozen=True)
class Recheck:
    """Compares minutes of the warehouse with the exchange. `exchange_now` is its clock, in µs."""

    rest: Rest
    database: Database
    exchange_now: int

    async def look_at(self, mismatch: Mismatch) -> Repair | None:
        """Ask the exchange about a mismatch, note the finding in it, and return what is to be written, if anything.

        Raises `ExchangeError`.
        """
        opens = to_micros(mismatch.open_time)
        repair = Repair(mismatch.symbol, opens, opens + MINUTE - 1)
        rows = await self.rest.klines(mismatch.symbol, "1m", opens, opens)
        if rows and not differing(rows[0], mismatch.values):
            _take_candle(repair, rows[0], self.exchange_now)
            mismatch.finding = "corrected: the exchange's candle is ours by now"
            return repair
        theirs = await self._trades(mismatch.symbol, opens)
        ids = [*theirs, *(each for each in (mismatch.first_trade_id, mismatch.last_trade_id) if each is not None)]
        ours = trades(self.database, mismatch.symbol, min(ids), max(ids)) if ids else {}
        return self._compare(mismatch, repair, ours, theirs)

    async def _trades(self, symbol: str, opens: int) -> dict[int, TradeRow]:
        """Return the exchange's trades of a minute, by id."""
        first = await self.rest.first_at(symbol, opens)
        found: dict[int, TradeRow] = {}
        next_id = first.first_id if first else None
        while next_id is not None and len(found) < MOST_TRADES:
            rows = await self.rest.historical_trades(symbol, next_id)
            inside = [row for row in rows if opens <= micros(row.time) < opens + MINUTE]
            found |= {row.id: row for row in inside}
            next_id = rows[-1].id + 1 if rows and len(inside) == len(rows) == PAGE else None
        return found

    def _compare(
        self, mismatch: Mismatch, repair: Repair, ours: Mapping[int, tuple[Any, ...]], theirs: Mapping[int, TradeRow]
    ) -> Repair | None:
        missing = [row for trade_id, row in theirs.items() if trade_id not in ours]
        other = [row for trade_id, row in theirs.items() if trade_id in ours and not _is_same(row, ours[trade_id])]
        opened, closes = mismatch.open_time, from_micros(repair.last_at)
        extra = [each for each, values in ours.items() if each not in theirs and opened <= values[3] <= closes]
        parts = [
            f"missing: {len(missing):,} of its trades are not in our tape" if missing else "",
            f"differs: {len(other):,} of its trades have other values than ours, id {other[0].id} first"
            if other
            else "",
            f"withdrawn: it does not give {len(extra):,} of our trades, id {extra[0]} first" if extra else "",
        ]
        mismatch.finding = "; ".join(filter(None, parts)) or (
            f"agrees: the exchange's own {len(theirs):,} trades of that minute are ours; its candle is what differs"
        )
        if not missing and not other:
            return None
        received_at, rows = now_us(), missing + other
        lines = [row.line(mismatch.symbol, received_at) for row in rows]
        repair.batch.add_page(mismatch.symbol, Spans((row.id, row.id) for row in rows), lines)
        return repair


def differing(row: KlineRow, ours: Mapping[str, Decimal | int]) -> list[str]:
    """Return the fields in which a candle of the exchange is not ours."""
    return [name for name in COMPARED if Decimal(getattr(row, name)) != ours[name]]


def _take_candle(repair: Repair, row: KlineRow, exchange_now: int) -> None:
    minute = minute_of(micros(row.open_time))
    line = row.line(repair.symbol, "1m", now_us(), event_at=exchange_now)
    repair.batch.add_klines(repair.symbol, Spans([(minute, minute)]), [line])


def _is_same(row: TradeRow, ours: tuple[Any, ...]) -> bool:
    price, quantity, is_buyer_maker, traded_at = ours
    return (
        Decimal(row.price) == price
        and Decimal(row.qty) == quantity
        and row.is_buyer_maker == is_buyer_maker
        and micros(row.time) // 1_000 == to_micros(traded_at) // 1_000
    )
