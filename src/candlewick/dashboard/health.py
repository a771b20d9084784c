"""The health of the pipeline as HTML: a tile per hop, a row per symbol, the audit's verdicts, the newest holes. Pure.

Streamlit's own tables are canvases that load a megabyte; these are plain tables that wear the page's colours.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from candlewick.status import Process, Report, Symbol

Level = Literal["good", "warn", "bad", "off"]

GAP_LEVELS: dict[str, Level] = {"open": "bad", "declared": "warn", "filled": "good"}
SLOW_LAG_MS = 2_000.0
STALE_SECONDS = 30.0
BACKLOG_TRADES = 20_000


@dataclass(frozen=True)
class Tile:
    """One hop: its name, its number, what stands behind it, and whether that is good."""

    hop: str
    value: str
    detail: str
    level: Level


def health_html(
    report: Report, beats: Mapping[str, Mapping[str, Any]], gaps: Sequence[Mapping[str, Any]] | None
) -> str:
    """Write the page's body.

    `beats` are the last heartbeats by process, `gaps` rows of GOLD.TAPE_GAPS (None while nothing is published).
    """
    tiles = "".join(map(_tile_html, tiles_of(report, beats)))
    return (
        '<div class="candlewick-health">'
        f'<div class="tiles">{tiles}</div>'
        f'<div class="processes">{"".join(map(_process_html, report.processes))}</div>'
        f"<h2>Tape</h2>{_symbols_html(report.symbols)}"
        f"<h2>Audit</h2>{_audit_html(report.audit)}"
        f"<h2>Holes</h2>{_gaps_html(gaps)}{_skipped_html(report.skipped_objects)}"
        "</div>"
    )


def tiles_of(report: Report, beats: Mapping[str, Mapping[str, Any]]) -> list[Tile]:
    """Return a tile per hop, in the order in which a trade travels."""
    return [
        _reception(report, beats.get("recorder", {})),
        _backlog("Lake", report, lambda symbol: (symbol.emitted, symbol.head), beats.get("recorder", {})),
        _backlog("Warehouse", report, lambda symbol: (symbol.head, symbol.in_warehouse), beats.get("warehouse", {})),
        _mart(report),
        _screens(beats.get("dashboard", {})),
    ]


def _reception(report: Report, beat: Mapping[str, Any]) -> Tile:
    lags = [symbol.lag_ms for symbol in report.symbols if symbol.lag_ms is not None]
    legs = beat.get("legs", [])
    connected = sum(leg.get("state") in {"open", "replacing"} for leg in legs)
    detail = f"{len(legs)} legs" if connected == len(legs) else f"{connected} of {len(legs)} legs"
    if not lags:
        return Tile("Exchange", "–", "no trade yet", "off")
    return Tile("Exchange", f"{max(lags):,.0f} ms", detail, "warn" if max(lags) > SLOW_LAG_MS else "good")


Ends = Callable[[Symbol], tuple[int | None, int | None]]
"""Of a symbol, the newest trade ids before a hop and behind it."""


def _backlog(hop: str, report: Report, ends: Ends, beat: Mapping[str, Any]) -> Tile:
    pairs = [ends(symbol) for symbol in report.symbols]
    known = [max(0, ahead - behind) for ahead, behind in pairs if ahead is not None and behind is not None]
    if not known:
        return Tile(hop, "–", "nothing yet", "off")
    detail = f"{beat['objects']:,} objects" if "objects" in beat else "trades on their way"
    return Tile(hop, f"{sum(known):,}", f"trades behind · {detail}", "warn" if sum(known) > BACKLOG_TRADES else "good")


def _mart(report: Report) -> Tile:
    seconds = report.freshness_seconds
    if seconds is None:
        return Tile("Mart", "–", "nothing published yet", "off")
    cycle = sum(report.cycle_ms.values())
    detail = f"version {report.mart_version}" + (f" · cycle {cycle:,.0f} ms" if cycle else "")
    return Tile("Mart", report.freshness_text, detail, "warn" if seconds > STALE_SECONDS else "good")


def _screens(beat: Mapping[str, Any]) -> Tile:
    viewers = int(beat.get("viewers", 0))
    is_fed = beat.get("feed") == "connected"
    detail = "feed connected" if is_fed else "no feed: bars from the mart" if viewers else "no viewer needs the feed"
    return Tile("Screens", f"{viewers:,}", detail, "good" if is_fed or not viewers else "warn")


def _tile_html(tile: Tile) -> str:
    return (
        f'<div class="tile" data-level="{tile.level}"><h3>{escape(tile.hop)}</h3>'
        f"<b>{escape(tile.value)}</b><p>{escape(tile.detail)}</p></div>"
    )


def _process_html(process: Process) -> str:
    level = "good" if process.is_alive else "bad"
    return f'<span class="process" data-level="{level}">{escape(process.name)} <i>{escape(process.state)}</i></span>'


def _symbols_html(symbols: Iterable[Symbol]) -> str:
    rows = [
        (
            symbol.symbol,
            _id(symbol.emitted),
            _id(symbol.head),
            _id(symbol.in_warehouse),
            _count(symbol.holes, "bad"),
            _count(symbol.declared, "warn"),
            f"{symbol.history_fraction:.0%}",
            "–" if symbol.lag_ms is None else f"{symbol.lag_ms:,.0f} ms",
        )
        for symbol in symbols
    ]
    return _table(
        ("symbol", "received", "in the lake", "in the warehouse", "missing", "declared", "history", "lag"), rows
    )


def _audit_html(audit: Mapping[str, int]) -> str:
    total = sum(audit.values())
    if not total:
        return "<p>No candle has been compared with the exchange's own yet.</p>"
    names = {"match": "match", "mismatch": "mismatch", "pending": "pending", "no_oracle": "no oracle"}
    parts = "".join(
        f'<span data-verdict="{verdict}" style="flex-grow:{count}"></span>' for verdict, count in audit.items() if count
    )
    words = "".join(
        f'<span data-verdict="{verdict}">{count:,} <i>{names.get(verdict, verdict)}</i></span>'
        for verdict, count in audit.items()
    )
    return f'<div class="audit">{parts}</div><div class="verdicts">{words}</div>'


def _gaps_html(gaps: Sequence[Mapping[str, Any]] | None) -> str:
    if gaps is None:
        return "<p>Known as soon as the warehouse has published.</p>"
    if not gaps:
        return "<p>None: every trade id between the first and the newest is here.</p>"
    rows = [
        (
            gap["symbol"],
            f"{gap['first_missing_id']}–{gap['last_missing_id']}",
            f"{gap['missing_count']:,}",
            _mark(str(gap["state"]), GAP_LEVELS[gap["state"]]),
            f"{gap['first_seen_at']:%Y-%m-%d %H:%M:%S}",
            "–" if gap["filled_at"] is None else f"{gap['filled_at']:%Y-%m-%d %H:%M:%S}",
        )
        for gap in gaps
    ]
    return _table(("symbol", "trade ids", "missing", "state", "seen (UTC)", "filled (UTC)"), rows)


def _skipped_html(names: Sequence[str]) -> str:
    if not names:
        return ""
    items = "".join(f"<li>{escape(name)}</li>" for name in names)
    return f"<h2>Skipped objects</h2><ul>{items}</ul>"


class _Html(str):
    """Text that is HTML already."""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(text: str) -> str:
    return f"<td>{text if isinstance(text, _Html) else escape(text)}</td>"


def _id(trade_id: int | None) -> str:
    return "–" if trade_id is None else str(trade_id)


def _count(count: int, level: Level) -> str:
    return _mark(f"{count:,}", level if count else "good")


def _mark(text: str, level: Level) -> str:
    return _Html(f'<span data-level="{level}">{escape(text)}</span>')
