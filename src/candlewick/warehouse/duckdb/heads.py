"""Pure: which of each symbol's ids SILVER holds, and what that saves a load of other trades from being asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from candlewick.spans import Range, Spans

_MINUTE = timedelta(minutes=1)

ARRIVED = """
with blocks as (
    select
        symbol, date_trunc('minute', traded_at) as minute, min(trade_id) as first_trade_id,
        max(trade_id) as last_trade_id, count(*) as copies, bit_count(bit_or(1::bigint << (trade_id & 31))) as ids
    from new_copies
    group by symbol, minute, trade_id - (trade_id & 31)
)
select symbol, minute, min(first_trade_id), max(last_trade_id), sum(copies) = sum(ids)
from blocks
group by symbol, minute
order by symbol, minute
"""
"""What a load brings, as `Arrived`."""


class Arrived(NamedTuple):
    """Trades of a symbol and a minute in a load, their ids from the first to the last; each of them once, or not."""

    symbol: str
    minute: datetime
    first_trade_id: int
    last_trade_id: int
    is_each_once: bool = True


class Head(NamedTuple):
    """The ids of a symbol that SILVER may hold, no other one, and the minute of the newest where that is known."""

    held: Spans
    minute: datetime | None = None

    @property
    def trade_id(self) -> int:
        """The newest of them."""
        return self.held.last if self.held else -1


@dataclass
class Heads:
    """What is held of all symbols, and what that says of the load taken last.

    `is_new`: no id of it is held, so that it has no copy of a held trade; `is_each_once`: nor one of its own trades.
    `is_apart`: since it was last set to false, a load may have left a minute without trades beside one that it touches.
    """

    of: dict[str, Head] = field(default_factory=dict)
    is_new: bool = False
    is_each_once: bool = False
    is_apart: bool = True

    def take(self, arrived: Iterable[Arrived]) -> None:
        """Take note of a load, by symbol and minute, before it is held: what counts as held may be too much."""
        self.is_new = self.is_each_once = True
        for symbol, minutes in groupby(arrived, lambda each: each.symbol):
            parts, head = list(minutes), self.of.get(symbol) or Head(Spans())
            is_beyond = all(part.first_trade_id > head.trade_id for part in parts)
            self.is_new = self.is_new and (is_beyond or not any(_may_be_held(head, part) for part in parts))
            self.is_each_once = self.is_each_once and _are_each_once(parts)
            self.is_apart = self.is_apart or not is_beyond or not _are_beside(head, parts)
            newest = max(parts, key=lambda part: part.last_trade_id)
            # A copy of the head itself may say another time.
            minute = newest.minute if newest.last_trade_id > head.trade_id else None
            for part in parts:
                head.held.add(part.first_trade_id, part.last_trade_id)
            self.of[symbol] = Head(head.held, minute)

    def pass_over(self, symbol: str, ids: Range) -> None:
        """Take note of a day whose trades do not come into SILVER's table, but are read from their file."""
        self.is_apart = True
        head = self.of.get(symbol) or Head(Spans())
        minute = None if ids[1] > head.trade_id else head.minute
        head.held.add(*ids)
        self.of[symbol] = Head(head.held, minute)


def _may_be_held(head: Head, part: Arrived) -> bool:
    return head.held.missing(part.first_trade_id, part.last_trade_id).count <= part.last_trade_id - part.first_trade_id


def _are_each_once(parts: list[Arrived]) -> bool:
    """Whether no trade comes twice, in a minute or in two."""
    ordered = sorted(parts, key=lambda part: part.first_trade_id)
    are_apart = all(before.last_trade_id < after.first_trade_id for before, after in pairwise(ordered))
    return are_apart and all(part.is_each_once for part in parts)


def _are_beside(head: Head, parts: list[Arrived]) -> bool:
    """Whether there are trades in each minute from a head's on."""
    minutes = [head.minute, *(part.minute for part in parts)]
    return all(
        before is not None and after is not None and before <= after <= before + _MINUTE
        for before, after in pairwise(minutes)
    )
