"""What the chart shades and marks: the holes of a tape, and the audit's verdicts on its minutes, as few spans."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from candlewick.dashboard.reader import Reader, micros

HOLES = 500
SPANS = 2_000

_HOLES = """
select first_missing_id, last_missing_id, missing_count, declared_count, state, previous_traded_at, next_traded_at,
    first_seen_at
from gold.tape_gaps
where symbol = ? and state <> 'filled'
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


def holes(reader: Reader, symbol: str) -> list[dict[str, Any]]:
    """The holes of a symbol that are not filled, the newest first; times in seconds since the epoch."""
    return [_hole(row) for row in reader.query(_HOLES, [symbol, HOLES]).to_pylist()]


def _hole(row: Mapping[str, Any]) -> dict[str, Any]:
    """A hole between the trades on its two sides; where one is not known, at the time when it was seen."""
    before, after = row["previous_traded_at"], row["next_traded_at"]
    return {
        "first": row["first_missing_id"],
        "last": row["last_missing_id"],
        "missing": row["missing_count"],
        "declared": row["declared_count"],
        "state": row["state"],
        "from": _seconds(before or after or row["first_seen_at"]),
        "to": _seconds(after or before or row["first_seen_at"]),
    }


def verdicts(reader: Reader, symbol: str, since: datetime, before: datetime) -> list[list[Any]]:
    """The audit's verdicts on the minutes of a period as spans `[from, to, verdict]`, in seconds, `to` exclusive."""
    rows: Sequence[Mapping[str, Any]] = reader.query(_VERDICTS, [symbol, since, before, SPANS]).to_pylist()
    return [[_seconds(row["opened"]), _seconds(row["last_opened"]) + 60, row["status"]] for row in reversed(rows)]


def _seconds(at: datetime) -> float:
    return micros(at) / 1_000_000
