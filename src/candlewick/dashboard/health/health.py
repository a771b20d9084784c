"""The health of the pipeline as HTML, section by section. Pure: heartbeats and rows in, text out."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from candlewick.dashboard.health.tiles import Beats, tiles_of
from candlewick.dashboard.markup import Html, Level, count, mark, section, table, words
from candlewick.moments import in_zone
from candlewick.status import Process, Report, Symbol
from candlewick.status.many import found, sums, the_few

GAP_LEVELS: dict[str, Level] = {"open": "bad", "declared": "warn", "filled": "good"}
GAP_WORDS = {"open": "being filled", "declared": "does not exist", "filled": "filled"}
LEG_LEVELS: dict[str, Level] = {"open": "good", "replacing": "good"}
NO_TRENDS: Mapping[str, Sequence[float | None]] = {}

Rows = Sequence[Mapping[str, Any]]


def tiles_html(report: Report, beats: Beats, trends: Mapping[str, Sequence[float | None]] = NO_TRENDS) -> Html:
    """A tile per hop with its newest numbers, and the processes."""
    tiles = "".join(tile.html(trends.get(tile.hop, ())) for tile in tiles_of(report, beats))
    processes = "".join(map(_process_html, report.processes))
    return Html(f'<div class="tiles">{tiles}</div><div class="processes">{processes}</div>')


def tape_html(symbols: Sequence[Symbol], typed: str = "") -> Html:
    """How far each symbol is at each hop, by trade ids; of many their sums and the worst few, or those searched for."""
    head = ("symbol", "received", "in the lake", "in the warehouse", "missing", "declared", "history", "lag")
    shown = found(symbols, typed) if typed.strip() else the_few(symbols)
    rows = [sums(symbols), *shown] if len(shown) < len(symbols) else shown
    return section("Tape", table(head, map(_symbol_row, rows)))


def audit_html(audit: Mapping[str, int]) -> Html:
    """The audit's verdicts on all closed minutes."""
    if not sum(audit.values()):
        return section("Audit", words("No candle has been compared with the exchange's own yet."))
    names = {"no_oracle": "no oracle"}
    parts = "".join(
        f'<span data-verdict="{verdict}" style="flex-grow:{number}"></span>'
        for verdict, number in audit.items()
        if number
    )
    texts = "".join(
        f'<span data-verdict="{verdict}">{number:,} <i>{names.get(verdict, verdict)}</i></span>'
        for verdict, number in audit.items()
    )
    return section("Audit", f'<div class="audit">{parts}</div><div class="verdicts">{texts}</div>')


def gaps_html(gaps: Rows | None, zone: ZoneInfo) -> Html:
    """The newest holes with what has become of them, on the clocks of a zone; None while nothing is published."""
    if gaps is None:
        return section("Holes", words("Known as soon as the warehouse has published."))
    if not gaps:
        return section("Holes", words("None: every trade id between the first and the newest is here."))
    head = ("symbol", "trade ids", "missing", "backfill", f"seen ({zone.key})", f"filled ({zone.key})")
    return section("Holes", table(head, [_gap_row(gap, zone) for gap in gaps]))


def legs_html(recorder: Mapping[str, Any]) -> Html:
    """The recorder's connections, and how much of the exchange's limit it uses."""
    legs: Rows = recorder.get("legs", [])
    if not legs:
        return section("Connections", words("None: the recorder does not run."))
    return section(
        "Connections", table(("leg", "state", "age", "frames", "lag"), map(_leg_row, legs)), _weight(recorder)
    )


def ways_html(report: Report, now_us: int) -> Html:
    """How objects arrive where others load them, and how rows go to Snowflake from here; nothing where neither does."""
    ways = (("Arrival", report.arrival), ("Sending", report.sending))
    told = [(f"{name}: {way.text(now_us)}", way.problem) for name, way in ways if way is not None]
    parts = [words(text) + (_wrong(problem) if problem else "") for text, problem in told]
    return section("Snowflake", *parts, *_refused(report)) if parts else Html("")


def _refused(report: Report) -> list[Html]:
    """The rows that Snowflake did not put into RAW; nothing where it did all."""
    refused = report.refused
    if refused is None or not (refused.count or refused.problem):
        return []
    items = "".join(f"<li>{escape(row)}</li>" for row in refused.told)
    return [_wrong(f"Refused rows: {refused.text()}"), Html(f"<ul>{items}</ul>")]


def skipped_html(names: Sequence[str]) -> Html:
    """Objects of the lake that could not be read."""
    if not names:
        return Html("")
    items = "".join(f"<li>{escape(name)}</li>" for name in names)
    return section("Skipped objects", f"<ul>{items}</ul>")


def _wrong(problem: str) -> Html:
    return Html(f'<p class="process" data-level="bad">{escape(problem)}</p>')


def _process_html(process: Process) -> str:
    level = "good" if process.is_well else "warn" if process.is_alive else "bad"
    return f'<span class="process" data-level="{level}">{escape(process.name)} <i>{escape(process.text)}</i></span>'


def _symbol_row(symbol: Symbol) -> tuple[str, ...]:
    return (
        symbol.symbol,
        *map(_id, (symbol.emitted, symbol.head, symbol.in_warehouse)),
        count(symbol.holes, "bad"),
        count(symbol.declared, "warn"),
        f"{symbol.history_fraction:.0%}",
        "–" if symbol.lag_ms is None else f"{symbol.lag_ms:,.0f} ms",
    )


def _id(trade_id: int | None) -> str:
    return "–" if trade_id is None else str(trade_id)


def _gap_row(gap: Mapping[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    state, moments = str(gap["state"]), (gap["first_seen_at"], gap["filled_at"])
    return (
        gap["symbol"],
        f"{gap['first_missing_id']}–{gap['last_missing_id']}",
        f"{gap['missing_count']:,}",
        mark(GAP_WORDS.get(state, state), GAP_LEVELS.get(state, "off")),
        *("–" if moment is None else f"{in_zone(moment, zone):%Y-%m-%d %H:%M:%S}" for moment in moments),
    )


def _leg_row(leg: Mapping[str, Any]) -> tuple[str, ...]:
    state, lag = str(leg.get("state", "?")), leg.get("lag_ms")
    return (
        str(leg.get("host", "?")),
        mark(state, LEG_LEVELS.get(state, "bad")),
        _age(float(leg.get("age_seconds") or 0)),
        f"{int(leg.get('frames') or 0):,}",
        "–" if lag is None else f"{float(lag):,.0f} ms",
    )


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"


def _weight(recorder: Mapping[str, Any]) -> str:
    weight = recorder.get("weight") or {}
    if not weight.get("limit"):
        return ""
    used, limit = int(weight.get("used", 0)), int(weight["limit"])
    return words(
        f"Request weight: {used:,} of {limit:,} in this minute, of which {weight.get('budget', 0):,} are ours."
    )
