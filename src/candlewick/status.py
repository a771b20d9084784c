"""`candlewick status`: what the heartbeats and the mart say, gathered into one report.

Freshness is measured per hop on the newest trade: exchange event → recorder → lake → warehouse → mart.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from candlewick.config import Settings
from candlewick.moments import now_us
from candlewick.process import heartbeat
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.home import home_of

PROCESSES = ("recorder", "warehouse", "dashboard")
VERDICTS = ("match", "mismatch", "pending", "no_oracle")


@dataclass(frozen=True)
class Process:
    """One process: whether it beats, since when (µs since the epoch), and what keeps it from its work, if anything."""

    name: str
    is_alive: bool
    pid: int | None
    started_at: int | None
    state: str
    problem: str | None = None

    @property
    def text(self) -> str:
        """The state in one line."""
        return self.state if self.problem is None else f"{self.state}: {self.problem}"

    @property
    def is_well(self) -> bool:
        """Whether it beats and does its work."""
        return self.is_alive and self.problem is None


@dataclass(frozen=True)
class Symbol:
    """How far one symbol is at each hop, as trade ids; `holes` counts missing ids."""

    symbol: str
    emitted: int | None
    head: int | None
    in_warehouse: int | None
    holes: int
    declared: int
    history_fraction: float
    lag_ms: float | None


@dataclass(frozen=True)
class Report:
    """Everything `candlewick status` shows."""

    processes: list[Process]
    symbols: list[Symbol]
    audit: dict[str, int]
    gaps: int
    skipped_objects: list[str]
    mart_version: int | None
    freshness_seconds: float | None
    cycle_ms: dict[str, float] = field(default_factory=dict)
    arrival: Arrival | None = None
    other_quote_amounts: int = 0

    @property
    def is_healthy(self) -> bool:
        """Whether all three processes run, everything arrives, and nothing mismatches."""
        arrives = self.arrival is None or self.arrival.problem is None
        return all(process.is_well for process in self.processes) and arrives and not self.audit.get("mismatch")

    @property
    def freshness_text(self) -> str:
        """Age of the newest trade in the mart."""
        return "unknown" if self.freshness_seconds is None else f"{self.freshness_seconds:.1f} s"


def collect(settings: Settings, *, asks: bool = False) -> Report:
    """Read the heartbeats and the mart's CURRENT; opens no warehouse and asks no process.

    With `asks`, Snowflake's pipe is asked where no warehouse's process on this machine tells of it.
    """
    beats = {name: heartbeat.read(settings.run_path, name) for name in PROCESSES}
    recorder, warehouse = beats["recorder"] or {}, beats["warehouse"] or {}
    home = home_of(settings)
    version, traded_at = home.newest(warehouse)
    return Report(
        processes=[_process(name, beat) for name, beat in beats.items()],
        symbols=[_symbol(name, recorder, warehouse) for name in recorder.get("symbols", settings.symbols)],
        audit={verdict: int(warehouse.get("audit", {}).get(verdict, 0)) for verdict in VERDICTS},
        gaps=int(warehouse.get("gaps", 0)),
        skipped_objects=[str(name) for name in warehouse.get("skipped_objects", [])],
        mart_version=version,
        freshness_seconds=None if traded_at is None else (datetime.now(UTC) - traded_at).total_seconds(),
        cycle_ms=dict(warehouse.get("cycle_ms", {})),
        arrival=home.arrival(warehouse, asks=asks),
        other_quote_amounts=int(recorder.get("other_quote_amounts", 0)),
    )


def to_json(report: Report) -> str:
    """The report for programs."""
    return msgspec.json.encode(asdict(report) | {"is_healthy": report.is_healthy}).decode()


def render(report: Report) -> RenderableType:
    """The report for people."""
    return Group(_processes_table(report), _symbols_table(report), _summary(report))


def _process(name: str, beat: dict[str, Any] | None) -> Process:
    if beat is None:
        return Process(name, False, None, None, "not running")
    alive = heartbeat.is_alive(beat)
    return Process(
        name,
        alive,
        beat["pid"],
        beat["started_at"],
        str(beat.get("state", "running")) if alive else "no sign of life",
        _problem(beat) if alive else None,
    )


def _problem(beat: dict[str, Any]) -> str | None:
    waiting = beat.get("waiting") or {}
    return waiting.get("problem") or beat.get("problem")


def _symbol(name: str, recorder: dict[str, Any], warehouse: dict[str, Any]) -> Symbol:
    seen = recorder.get("symbols", {}).get(name, {})
    return Symbol(
        symbol=name,
        emitted=seen.get("emitted"),
        head=seen.get("head"),
        in_warehouse=warehouse.get("watermark", {}).get(name),
        holes=int(seen.get("holes", 0)),
        declared=int(seen.get("declared", 0)),
        history_fraction=float(seen.get("history", {}).get("fraction", 0.0)),
        lag_ms=seen.get("lag_ms"),
    )


def _processes_table(report: Report) -> Table:
    table = Table("process", "state", "pid", "since (UTC)", box=None, header_style="dim")
    for process in report.processes:
        since = (
            ""
            if process.started_at is None
            else f"{datetime.fromtimestamp(process.started_at / 1e6, UTC):%Y-%m-%d %H:%M:%S}"
        )
        colour = "green" if process.is_well else "yellow" if process.is_alive else "red"
        table.add_row(process.name, f"[{colour}]● {escape(process.state)}[/]", str(process.pid or ""), since)
    return table


def _symbols_table(report: Report) -> Table:
    table = Table(
        "symbol",
        "received",
        "in the lake",
        "in the warehouse",
        "missing",
        "declared",
        "history",
        "lag",
        box=None,
        header_style="dim",
    )
    for symbol in report.symbols:
        table.add_row(
            symbol.symbol,
            *(str(step) if step is not None else "-" for step in (symbol.emitted, symbol.head, symbol.in_warehouse)),
            f"[{'red' if symbol.holes else 'green'}]{symbol.holes}[/]",
            str(symbol.declared),
            f"{symbol.history_fraction:.0%}",
            "-" if symbol.lag_ms is None else f"{symbol.lag_ms:.0f} ms",
        )
    return table


def _summary(report: Report) -> str:
    audit = ", ".join(f"{count} {verdict}" for verdict, count in report.audit.items() if count) or "none yet"
    place = "the mart" if report.arrival is None else "GOLD"
    version = "" if report.mart_version is None else f", version {report.mart_version}"
    lines = [
        f"\ncandles audited   {audit}",
        f"gaps in the tape  {report.gaps}",
        f"freshness         {report.freshness_text} (newest trade in {place}{version})",
    ]
    lines += [
        f"[yellow]{process.name} {escape(process.state)}[/]   {escape(process.problem)}"
        for process in report.processes
        if process.problem
    ]
    if report.arrival is not None:
        lines.append(f"arrival           {escape(report.arrival.text(now_us()))}")
        lines += [f"[red]does not arrive[/]   {escape(report.arrival.problem)}"] if report.arrival.problem else []
    lines += [f"[yellow]skipped object[/]    {escape(name)}" for name in report.skipped_objects]
    if report.other_quote_amounts:
        lines.append(
            f"[yellow]quote amounts[/]     {report.other_quote_amounts:,} trades whose own is not price x quantity,"
            " cut after eight places"
        )
    return "\n".join(lines)
