"""The lineage of one candle: its trades, the exchange's own candle beside it, and the objects of the lake that hold it.

`GOLD.CANDLE_AUDIT` judges minutes. A longer candle is judged by the minutes in it, which add up to the exchange's own
candle; a second by the minute around it.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from candlewick.dashboard.routes.shelf import Shelf
from candlewick.moments import instant, interval, to_micros
from candlewick.trade import COMPARED
from candlewick.warehouse.contract import Viewed

IDS = ("first_trade_id", "last_trade_id")
"""What is compared where the exchange states it: on its stream, not over REST."""

OBJECTS = 100
"""How many objects are named; a day of a busy market lies in thousands."""

_MINUTES = """
select *
from gold.candle_audit
where symbol = ? and open_time >= ? and open_time < ?
order by open_time
"""
_OBJECTS = """
select object_name, recorder, first_trade_id, last_trade_id, created_at, count(*) over () as total
from silver.object_spans
where symbol = ? and first_trade_id <= ? and last_trade_id >= ?
order by first_trade_id, created_at
limit ?
"""
_SOURCES = """
select source, count(*) as trades
from silver.trades_deduped
where symbol = ? and traded_at >= ? and traded_at < ?
group by source
order by source
"""
_ENDS = """
select trade_id, price, quantity, is_buyer_maker, traded_at, received_at, loaded_at, source
from silver.trades_deduped
where symbol = ? and traded_at >= ? and traded_at < ? and trade_id in (?, ?)
order by trade_id
"""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """The candle that is asked for: it opens at `opened` and is over at `closed`, naive UTC."""

    symbol: str
    timeframe: str
    opened: datetime
    closed: datetime

    @classmethod
    def at(cls, symbol: str, timeframe: str, second: int, zone: ZoneInfo) -> "Asked":
        """The candle that holds an instant, in seconds since the epoch."""
        opened, closed = interval(timeframe, second * 1_000_000, zone)
        return cls(symbol, timeframe, instant(opened // 1_000_000), instant(closed // 1_000_000))

    @property
    def minutes(self) -> tuple[datetime, datetime]:
        """The whole minutes that hold it: what the audit judges."""
        start = self.opened.replace(second=0)
        return start, max(self.closed, start + timedelta(minutes=1))


def lineage(reader: Viewed, asked: Asked, *, shelf: Shelf) -> dict[str, Any] | None:
    """Gather the lineage of a candle; None where the warehouse has none, or none yet."""
    found = reader.candles(asked.symbol, asked.timeframe, asked.opened, asked.closed, 1).to_pylist()
    if not found:
        return None
    candle: Row = found[0]
    minutes = reader.query(_MINUTES, [asked.symbol, *asked.minutes]).to_pylist()
    return {
        "symbol": asked.symbol,
        "timeframe": asked.timeframe,
        "opened": _micros(asked.opened),
        "closed": _micros(asked.closed),
        **claims(candle),
        "origin": candle.get("origin", "trades"),
        "audit": audit_of(asked, candle, minutes),
        "trades": _trades(reader, asked, candle),
        "days": shelf.days(reader, asked.symbol, asked.opened, asked.closed),
        "lake": shelf.url,
        **_objects(reader, asked.symbol, candle, shelf),
        "loaded_at": _micros(candle["loaded_at"]),
    }


def claims(candle: Row) -> dict[str, Any]:
    """What a candle says of itself: its ids as text, for a browser's numbers end at 2**53, and if it is whole."""
    first, last = (candle[name] for name in IDS)
    return {
        "first_trade_id": _text(first),
        "last_trade_id": _text(last),
        "trade_count": candle["trade_count"],
        "spanned": 0 if first is None else last - first + 1,
        "is_closed": candle["is_closed"],
        "is_complete": candle["is_complete"],
    }


def audit_of(asked: Asked, candle: Row, minutes: Sequence[Row]) -> dict[str, Any]:
    """The verdict on a candle, from those on its minutes, and each field beside the exchange's."""
    counts = Counter(str(minute["status"]) for minute in minutes)
    if asked.timeframe == "1s":
        ours, theirs = (minutes[0], _exchange(minutes)) if minutes else (candle, None)
    else:
        ours, theirs = candle, _exchange(minutes) if _covers(asked, minutes) else None
    return {
        "verdict": verdict(counts, is_closed=bool(candle["is_closed"]), expected=_expected(asked)),
        "scope": "minute" if asked.timeframe == "1s" else "candle",
        "minutes": dict(counts),
        "expected": _expected(asked),
        "fields": [_compared(name, ours, theirs) for name in (*COMPARED, *IDS)],
    }


def verdict(counts: Mapping[str, int], *, is_closed: bool, expected: int) -> str:
    """The verdict on a candle of `expected` minutes: the worst of any, and a match where all match."""
    if counts.get("mismatch"):
        return "mismatch"
    if not is_closed:
        return "forming"
    if sum(counts.values()) < expected or counts.get("pending"):
        return "pending"
    return "no_oracle" if counts.get("no_oracle") else "match"


def _expected(asked: Asked) -> int:
    start, end = asked.minutes
    return (end - start) // timedelta(minutes=1)


def _covers(asked: Asked, minutes: Sequence[Row]) -> bool:
    return len(minutes) == _expected(asked)


def _exchange(minutes: Sequence[Row]) -> dict[str, Any] | None:
    """The exchange's own candle, added up from its minutes; None where it did not state them all."""
    if not minutes or any(minute["exchange_open"] is None for minute in minutes):
        return None
    columns = {name: [minute[f"exchange_{name}"] for minute in minutes] for name in (*COMPARED, *IDS)}
    # Minutes without trades carry the close before: what counts for the open is the first that has any.
    traded = [index for index, count in enumerate(columns["trade_count"]) if count]
    opens = columns["open"][traded[0] if traded else 0]
    return {name: _SUMMED[name](values) for name, values in columns.items()} | {"open": opens}


def _ids_known(pick: Callable[[list[int]], int]) -> Callable[[list[Any]], int | None]:
    def of(values: list[Any]) -> int | None:
        known = [value for value in values if value is not None and value >= 0]
        return pick(known) if known else None

    return of


_SUMMED: Mapping[str, Callable[[list[Any]], Any]] = {
    "open": lambda values: values[0],
    "high": max,
    "low": min,
    "close": lambda values: values[-1],
    **dict.fromkeys(COMPARED[4:], sum),
    "first_trade_id": _ids_known(min),
    "last_trade_id": _ids_known(max),
}


def _compared(name: str, ours: Row, theirs: Row | None) -> dict[str, Any]:
    """One field beside the exchange's, both as text that is equal where they are; null where it is not stated."""
    own, other = _text(ours.get(name)), _text(theirs[name]) if theirs else None
    return {"name": name, "ours": own, "exchange": other, "equal": None if other is None else own == other}


def _text(value: Decimal | int | None) -> str | None:
    if value is None:
        return None
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _trades(reader: Viewed, asked: Asked, candle: Row) -> dict[str, Any]:
    """Where the trades came from, and the first and the last one with the times of their way."""
    first, last = (candle[name] for name in IDS)
    if first is None:
        return {"sources": {}, "ends": []}
    period = [asked.symbol, asked.opened, asked.closed]
    sources = reader.query(_SOURCES, period).to_pylist()
    ends = reader.query(_ENDS, [*period, first, last]).to_pylist()
    return {"sources": {row["source"]: row["trades"] for row in sources}, "ends": [_end(row) for row in ends]}


def _end(trade: Row) -> dict[str, Any]:
    times = {name: _micros(trade[name]) for name in ("traded_at", "received_at", "loaded_at")}
    if times["loaded_at"] == times["received_at"]:  # read from a sealed file, which has no moment of loading
        del times["loaded_at"]
    amounts = {name: _text(trade[name]) for name in ("price", "quantity")}
    return {"trade_id": _text(trade["trade_id"]), "source": trade["source"], **amounts, **times}


def _objects(reader: Viewed, symbol: str, candle: Row, shelf: Shelf) -> dict[str, Any]:
    """The objects that hold the candle's trades, by the trades in them; the sealed file for those that went for it."""
    first, last = (candle[name] for name in IDS)
    if first is None:
        return {"objects": [], "object_count": 0}
    rows = reader.query(_OBJECTS, [symbol, last, first, OBJECTS]).to_pylist()
    there = shelf.holding(symbol, rows)
    objects = [
        {
            "name": row["object_name"],
            "recorder": row["recorder"],
            "first_trade_id": _text(max(first, row["first_trade_id"])),
            "last_trade_id": _text(min(last, row["last_trade_id"])),
            "created_at": _micros(row["created_at"]),
            "is_seal": row.get("is_seal", False),
        }
        for row in there
    ]
    return {"objects": objects, "object_count": rows[0]["total"] - len(rows) + len(there) if rows else 0}


def _micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)
