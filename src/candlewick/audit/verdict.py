"""The verdict on a tape, from what the warehouse has published: its candles beside the exchange's, and its holes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.tape.checkpoint import Checkpoint
from candlewick.trade import COMPARED
from candlewick.warehouse.contract import Database

STATUSES = ("match", "mismatch", "pending", "no_oracle")
QUOTE_SUMS = ("quote_volume", "taker_buy_quote_volume")
PLACE = Decimal("0.00000001")
"""The last place of a quote amount: what cutting one trade's amount can make of a difference is less than that."""
BEING_FILLED = timedelta(minutes=1)
"""A hole that was first seen more recently than this is not counted yet: it is just being filled."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Trade ids that are missing although they were asked for, and that the exchange has not said do not exist."""

    symbol: str
    first: int
    last: int


@dataclass(slots=True)
class TapeVerdict:
    """A symbol's candles by status, and its ids that are missing: holes, declared ones, and ids nobody asked for."""

    symbol: str
    candles: dict[str, int]
    first_at: datetime
    last_at: datetime
    holes: int = 0
    declared: int = 0
    not_asked_for: int = 0


@dataclass(slots=True)
class Mismatch:
    """A minute whose candle is not the exchange's, with both values. `finding` is what the exchange says of it."""

    symbol: str
    open_time: datetime
    fields: tuple[str, ...]
    values: dict[str, Decimal | int]
    theirs: dict[str, Decimal | int]
    first_trade_id: int | None
    last_trade_id: int | None
    finding: str = ""
    is_repaired: bool = False

    @property
    def is_about_cutting(self) -> bool:
        """Whether only quote sums differ, and by less than how trades' amounts are cut after eight places can make."""
        most = Decimal(self.values["trade_count"]) * PLACE
        return all(
            name in QUOTE_SUMS and abs(Decimal(self.values[name]) - Decimal(self.theirs[name])) < most
            for name in self.fields
        )


@dataclass
class Verdict:
    """What the audit says. `since` is where it began to look; `version` is the mart's, None where there is none."""

    since: datetime | None
    version: int | None = None
    tapes: list[TapeVerdict] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether no candle mismatches and no id is missing undeclared."""
        return not self.mismatches and not self.holes

    @property
    def is_repaired(self) -> bool:
        """Whether something was written that may change the verdict."""
        return any(each.is_repaired for each in self.mismatches)

    def count(self, status: str) -> int:
        """How many candles have a status."""
        return sum(tape.candles[status] for tape in self.tapes)


def read(database: Database, states: Path, since: datetime | None, now: datetime) -> Verdict:
    """Read the verdict on what was traded from `since` on; times are UTC, naive. `states` has the checkpoints.

    Raises `WarehouseError`.
    """
    verdict = Verdict(since)
    verdict.tapes = _tapes(database, since)
    verdict.mismatches = _mismatches(database, since)
    known = list(checkpoint.all_in(states))
    for tape in verdict.tapes:
        verdict.holes += _holes(database, tape, known, since, now - BEING_FILLED)
    return verdict


def trades(database: Database, symbol: str, first: int, last: int) -> dict[int, tuple[Any, ...]]:
    """Return our trades `first..last` by id: price, quantity, whether the buyer is the maker, time (UTC)."""
    statement = """
        select trade_id, price, quantity, is_buyer_maker, traded_at
        from silver.trades_deduped where symbol = ? and trade_id between ? and ?
    """
    return {row[0]: row[1:] for row in database.execute(statement, [symbol, first, last]).fetchall()}


def _tapes(database: Database, since: datetime | None) -> list[TapeVerdict]:
    counts = ", ".join(f"count_if(status = '{status}')" for status in STATUSES)
    statement = f"""
        select symbol, min(open_time), max(open_time), {counts}
        from gold.candle_audit where open_time >= ? group by symbol order by symbol
    """
    rows = database.execute(statement, [since or datetime.min]).fetchall()
    return [
        TapeVerdict(symbol, dict(zip(STATUSES, counted, strict=True)), first, last)
        for symbol, first, last, *counted in rows
    ]


def _mismatches(database: Database, since: datetime | None) -> list[Mismatch]:
    statement = f"""
        select symbol, open_time, mismatched_fields, first_trade_id, last_trade_id, {", ".join(COMPARED)},
            {", ".join(f"exchange_{name}" for name in COMPARED)}
        from gold.candle_audit where status = 'mismatch' and open_time >= ? order by open_time desc, symbol
    """
    rows = database.execute(statement, [since or datetime.min]).fetchall()
    return [
        Mismatch(symbol, at, tuple(fields.split(",")), *_both(values), first, last)
        for symbol, at, fields, first, last, *values in rows
    ]


def _both(values: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our values by name, and the exchange's."""
    ours, theirs = values[: len(COMPARED)], values[len(COMPARED) :]
    return dict(zip(COMPARED, ours, strict=True)), dict(zip(COMPARED, theirs, strict=True))


def _holes(
    database: Database,
    tape: TapeVerdict,
    known: list[Checkpoint],
    since: datetime | None,
    seen_before: datetime,
) -> list[Hole]:
    """Sort the missing ids of a symbol: declared, asked for, or beside what anybody asked for."""
    statement = """
        select first_missing_id, last_missing_id, declared_count, state
        from gold.tape_gaps
        where symbol = ? and state <> 'filled' and first_seen_at < ? and (next_traded_at >= ? or next_traded_at is null)
    """
    wanted, declared = _wanted(tape.symbol, known), _declared(tape.symbol, known)
    holes = Spans()
    for first, last, count, state in database.execute(
        statement, [tape.symbol, seen_before, since or datetime.min]
    ).fetchall():
        tape.declared += count
        missing = _missing(database, tape.symbol, first, last) if state == "open" else Spans()
        asked_for = missing if wanted is None else missing.without(missing.without(wanted))
        tape.not_asked_for += missing.count - asked_for.count
        holes.update(asked_for.without(declared))
    tape.holes = holes.count
    return [Hole(tape.symbol, first, last) for first, last in holes]


def _missing(database: Database, symbol: str, first: int, last: int) -> Spans:
    """Return the ids of a gap that are not in the tape; its neighbours are."""
    statement = """
        select trade_id + 1, following - 1
        from (
            select trade_id, lead(trade_id) over (order by trade_id) as following
            from silver.trades_deduped where symbol = ? and trade_id between ? and ?
        ) as neighbours
        where following > trade_id + 1
    """
    return Spans(database.execute(statement, [symbol, first - 1, last + 1]).fetchall())


def _wanted(symbol: str, known: list[Checkpoint]) -> Spans | None:
    """Return the ids that recorders and backfills were asked for; None where no checkpoint tells."""
    wanted = Spans()
    for state in known:
        wanted.update(Spans(state.wanted.get(symbol, ())))
        mark, covered = state.history.get(symbol), state.covered.get(symbol)
        if mark and covered:
            floor = covered[0][0] if mark.floor is None else mark.floor
            wanted.add(floor, covered[-1][1])
    return wanted if known else None


def _declared(symbol: str, known: list[Checkpoint]) -> Spans:
    return Spans(each for state in known for each in state.declared.get(symbol, ()))


def to_dict(verdict: Verdict) -> Mapping[str, Any]:
    """The verdict for programs."""
    return {
        "is_good": verdict.is_good,
        "mart_version": verdict.version,
        "since": verdict.since,
        "symbols": {
            tape.symbol: {
                **tape.candles,
                "first_open_time": tape.first_at,
                "last_open_time": tape.last_at,
                "hole_ids": tape.holes,
                "declared_ids": tape.declared,
                "not_asked_for_ids": tape.not_asked_for,
            }
            for tape in verdict.tapes
        },
        "mismatches": [
            {
                "symbol": each.symbol,
                "open_time": each.open_time,
                "fields": each.fields,
                "is_about_cutting": each.is_about_cutting,
                "finding": each.finding,
                "is_repaired": each.is_repaired,
            }
            for each in verdict.mismatches
        ],
        "holes": [{"symbol": each.symbol, "first": each.first, "last": each.last} for each in verdict.holes],
    }
