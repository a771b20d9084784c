"""Pure: how far SILVER is in each symbol's ids, and what that saves a load of newer trades from being asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

_MINUTE = timedelta(minutes=1)

ARRIVED = """
select symbol, date_trunc('minute', traded_at) as minute, min(trade_id), max(trade_id)
from new_copies
group by symbol, minute
order by symbol, minute
"""
"""What a load brings, as `Arrived`."""


class Arrived(NamedTuple):
    """Trades of a symbol and a minute in a load, their ids from the first to the last."""

    symbol: str
    minute: datetime
    first_trade_id: int
    last_trade_id: int


class Head(NamedTuple):
    """The newest trade id that SILVER holds of a symbol, or a newer one, and its minute where that is known."""

    trade_id: int
    minute: datetime | None = None


@dataclass
class Heads:
    """The heads of all symbols, and what they say of the load taken last.

    `is_beyond`: all of its ids are newer than all that is held, so that it has no copy of a held trade.
    `is_apart`: since it was last set to false, a load may have left a minute without trades beside one that it touches.
    """

    of: dict[str, Head] = field(default_factory=dict)
    is_beyond: bool = False
    is_apart: bool = True

    def take(self, arrived: Iterable[Arrived]) -> None:
        """Take note of a load, by symbol and minute, before it is held: a head may become too high, never too low."""
        self.is_beyond = True
        for symbol, minutes in groupby(arrived, lambda each: each.symbol):
            parts, head = list(minutes), self.of.get(symbol, Head(-1))
            is_beyond = all(part.first_trade_id > head.trade_id for part in parts)
            self.is_beyond = self.is_beyond and is_beyond
            self.is_apart = self.is_apart or not is_beyond or not _are_beside(head, parts)
            newest = max(parts, key=lambda part: part.last_trade_id)
            if newest.last_trade_id > head.trade_id:
                self.of[symbol] = Head(newest.last_trade_id, newest.minute)
            else:  # a copy of the head itself may say another time
                self.of[symbol] = Head(head.trade_id)

    def pass_over(self, symbol: str, last_trade_id: int) -> None:
        """Take note of a day whose trades do not come into SILVER's table, but are read from their file."""
        self.is_apart = True
        if last_trade_id > self.of.get(symbol, Head(-1)).trade_id:
            self.of[symbol] = Head(last_trade_id)


def _are_beside(head: Head, parts: list[Arrived]) -> bool:
    """Whether there are trades in each minute from a head's on."""
    minutes = [head.minute, *(part.minute for part in parts)]
    return all(
        before is not None and after is not None and before <= after <= before + _MINUTE
        for before, after in pairwise(minutes)
    )
