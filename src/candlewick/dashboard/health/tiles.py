"""A tile per hop, in the order in which a trade travels: its number, what stands behind it, how it went. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Self

from candlewick.dashboard.markup import Html, Level, sparkline
from candlewick.status import Process, Report, Symbol

SLOW_LAG_MS = 2_000.0
STALE_SECONDS = 30.0
QUIET_SECONDS = 60.0
"""From when on no trade of any symbol is worth a look, as for the alert CandlewickTapeStands: nobody may trade."""
BACKLOG_TRADES = 20_000

Beats = Mapping[str, Mapping[str, Any]]
"""The last heartbeats by process."""


@dataclass(frozen=True)
class Tile:
    """One hop: its name, its number as shown and as drawn, what stands behind it, and whether that is good."""

    hop: str
    value: str
    detail: str
    level: Level
    number: float | None = None

    def html(self, trend: Sequence[float | None] = ()) -> Html:
        """The tile with its newest numbers as a line."""
        return Html(
            f'<div class="tile" data-level="{self.level}"><h3>{escape(self.hop)}</h3>'
            f"<b>{escape(self.value)}</b><p>{escape(self.detail)}</p>{sparkline(trend)}</div>"
        )


@dataclass(frozen=True)
class Legs:
    """How many legs the recorder has, and how many of them are connected."""

    known: int
    connected: int

    @classmethod
    def of_beat(cls, beat: Mapping[str, Any]) -> Self:
        """Count those that a recorder's heartbeat tells of."""
        legs = beat.get("legs", [])
        return cls(len(legs), sum(leg.get("state") in {"open", "replacing"} for leg in legs))

    @property
    def are_away(self) -> bool:
        """Whether there are legs and none is connected: nothing arrives."""
        return self.known > 0 and not self.connected

    @property
    def text(self) -> str:
        """`2 legs`, `1 of 2 legs`."""
        return f"{self.known} legs" if self.connected == self.known else f"{self.connected} of {self.known} legs"


def tiles_of(report: Report, beats: Beats) -> list[Tile]:
    """Return a tile per hop."""
    recorder, warehouse = beats.get("recorder", {}), beats.get("warehouse", {})
    processes = {process.name: process for process in report.processes}
    legs = Legs.of_beat(recorder)
    records = (process := processes.get("recorder")) is None or process.is_alive
    arrives = records and not legs.are_away
    tiles = {
        "recorder": [
            _reception(report, legs),
            _backlog("Lake", report, lambda symbol: (symbol.emitted, symbol.head), recorder, arrives=arrives),
        ],
        "warehouse": [
            _backlog(
                "Warehouse", report, lambda symbol: (symbol.head, symbol.in_warehouse), warehouse, arrives=arrives
            ),
            _mart(report),
        ],
        "dashboard": [_screens(beats.get("dashboard", {}))],
    }
    return [_aged(tile, processes.get(name)) for name, told in tiles.items() for tile in told]


def _aged(tile: Tile, process: Process | None) -> Tile:
    """A tile is red when its process gives no sign of life, and grey when it does not run: its numbers are old."""
    if process is None or process.is_alive:
        return tile
    level: Level = "off" if process.pid is None else "bad"
    return replace(tile, level=level, detail=f"{process.state} · {tile.detail}")


def _reception(report: Report, legs: Legs) -> Tile:
    """Legs that are away count most; then that nothing came for a while, whatever the lag of the last trade was."""
    lags = [symbol.lag_ms for symbol in report.symbols if symbol.lag_ms is not None]
    if not lags:
        return Tile("Exchange", "–", f"no trade yet · {legs.text}", "bad" if legs.are_away else "off")
    age = report.recorded_seconds or 0.0
    is_quiet = age > QUIET_SECONDS
    is_slow = is_quiet or max(lags) > SLOW_LAG_MS or legs.connected < legs.known
    level: Level = "bad" if legs.are_away else "warn" if is_slow else "good"
    if is_quiet:
        return Tile("Exchange", f"{age:,.0f} s", f"since the newest trade · {legs.text}", level, max(lags))
    return Tile("Exchange", f"{max(lags):,.0f} ms", legs.text, level, max(lags))


Ends = Callable[[Symbol], tuple[int | None, int | None]]
"""Of a symbol, the newest trade ids before a hop and behind it."""


def _backlog(hop: str, report: Report, ends: Ends, beat: Mapping[str, Any], *, arrives: bool) -> Tile:
    """How far a hop is behind the one before it: no praise for it while nothing `arrives` to be behind of."""
    pairs = [ends(symbol) for symbol in report.symbols]
    known = [max(0, ahead - behind) for ahead, behind in pairs if ahead is not None and behind is not None]
    if not known:
        return Tile(hop, "–", "nothing yet", "off")
    detail = f"{beat['objects']:,} objects" if "objects" in beat else "trades on their way"
    told = f"trades behind · {detail}" if arrives else f"trades behind · nothing arrives · {detail}"
    level: Level = "warn" if sum(known) > BACKLOG_TRADES else "good" if arrives else "off"
    return Tile(hop, f"{sum(known):,}", told, level, sum(known))


def _mart(report: Report) -> Tile:
    seconds = report.freshness_seconds
    if seconds is None:
        return Tile("Mart", "–", "nothing published yet", "off")
    cycle = sum(report.cycle_ms.values())
    detail = f"version {report.mart_version}" + (f" · cycle {cycle:,.0f} ms" if cycle else "")
    return Tile("Mart", report.freshness_text, detail, "warn" if seconds > STALE_SECONDS else "good", seconds)


def _screens(beat: Mapping[str, Any]) -> Tile:
    viewers = int(beat.get("viewers", 0))
    is_fed = beat.get("feed") == "connected"
    detail = "feed connected" if is_fed else "no feed: bars from the mart" if viewers else "no viewer needs the feed"
    return Tile("Screens", f"{viewers:,}", detail, "good" if is_fed or not viewers else "warn", viewers)
