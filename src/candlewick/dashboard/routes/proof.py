"""What the chart shades and marks: the holes of a tape, and the audit's verdicts on its minutes, as few spans."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from candlewick.moments import to_micros
from candlewick.warehouse.contract import Viewed

HOLES = 500
SPANS = 2_000
NARROWED = 20
"""How many holes that were filled in part are looked at trade by trade; a backfill fills few at a time."""

_SLACK = timedelta(minutes=1)
"""A trade may be stamped a little earlier than one with a lower id."""

Row = dict[str, Any]

_HOLES = """
select first_missing_id, last_missing_id, missing_count, state, previous_traded_at, next_traded_at, first_seen_at
from gold.tape_gaps
where symbol = ? and state <> 'filled'
order by first_missing_id desc
limit ?
"""
_REMAINING = """
select
    previous_id + 1 as first_missing_id,
    trade_id - 1 as last_missing_id,
    previous_at as previous_traded_at,
    traded_at as next_traded_at
from (
    select
        trade_id,
        traded_at,
        lag(trade_id) over (order by trade_id) as previous_id,
        lag(traded_at) over (order by trade_id) as previous_at
    from silver.trades_deduped
    where symbol = ? and traded_at >= ? and traded_at <= ? and trade_id >= ? and trade_id <= ?
) as followed
where trade_id > previous_id + 1
order by first_missing_id desc
limit ?
"""
# Minutes in a row with one verdict are one span; between two verdicts the difference of the two numbers changes.
_VERDICTS = """
select status, min(open_time) as opened, max(open_time) as last_opened, count(*) as minutes
from (
    select
        status,
        open_time,
        row_number() over (order by open_time) - row_number() over (partition by status order by open_time) as island
    from gold.candle_audit
    where symbol = ? and open_time >= ? and open_time < ?
) as numbered
group by status, island
order by opened desc
limit ?
"""


def holes(reader: Viewed, symbol: str) -> list[dict[str, Any]]:
    """What is missing of a symbol's tape still, the newest first; times in seconds since the epoch.

    Of a hole that was filled in part, each part that is left is a hole of its own.
    """
    found: Sequence[Row] = reader.query(_HOLES, [symbol, HOLES]).to_pylist()
    narrowed = [row["first_missing_id"] for row in found if _is_filled_in_part(row)][:NARROWED]
    parts = ((row, _remaining(reader, symbol, row) if row["first_missing_id"] in narrowed else [row]) for row in found)
    return [_hole(row | part) for row, left in parts for part in left]


def _is_filled_in_part(row: Row) -> bool:
    is_between = row["previous_traded_at"] is not None and row["next_traded_at"] is not None
    return is_between and row["missing_count"] <= row["last_missing_id"] - row["first_missing_id"]


def _remaining(reader: Viewed, symbol: str, row: Row) -> Sequence[Row]:
    """The parts of a hole between the trades that are there, those on its two sides among them."""
    period = [row["previous_traded_at"] - _SLACK, row["next_traded_at"] + _SLACK]
    ids = [row["first_missing_id"] - 1, row["last_missing_id"] + 1]
    left: Sequence[Row] = reader.query(_REMAINING, [symbol, *period, *ids, HOLES]).to_pylist()
    return left


def _hole(row: Row) -> dict[str, Any]:
    """A hole between the trades on its two sides; where one is not known, at the time when it was seen."""
    before, after = row["previous_traded_at"], row["next_traded_at"]
    return {
        "first": row["first_missing_id"],
        "last": row["last_missing_id"],
        "state": row["state"],
        "from": _seconds(before or after or row["first_seen_at"]),
        "to": _seconds(after or before or row["first_seen_at"]),
    }


def verdicts(reader: Viewed, symbol: str, since: datetime, before: datetime) -> list[list[Any]]:
    """The audit's verdicts on the minutes of a period as spans `[from, to, verdict]`, in seconds, `to` exclusive."""
    rows: Sequence[Row] = reader.query(_VERDICTS, [symbol, since, before, SPANS]).to_pylist()
    return [[_seconds(row["opened"]), _seconds(row["last_opened"]) + 60, row["status"]] for row in reversed(rows)]


def _seconds(at: datetime) -> float:
    return to_micros(at) / 1_000_000
