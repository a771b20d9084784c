"""`candlewick status`: what the heartbeats and the mart say, gathered into one report.

Freshness is measured per hop on the newest trade: exchange event → recorder → lake → warehouse → mart.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from candlewick.config import Settings
from candlewick.moments import now_us
from candlewick.process import heartbeat
from candlewick.process.disk import Place
from candlewick.status.places import places_of
from candlewick.warehouse.arrival import Arrival
from candlewick.warehouse.home import Days, Tallies, home_of
from candlewick.warehouse.refused import Refused
from candlewick.warehouse.sending import Sending

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
    stopped: str | None = None
    """Why it is not recorded any more."""


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
    recorded_seconds: float | None = None
    """Age of the newest trade that the recorder has, by the exchange's clock."""
    places: list[Place] = field(default_factory=list)
    days: Days = field(default_factory=Days)
    sending: Sending | None = None
    refused: Refused | None = None
    """Rows that were streamed to Snowflake, and that it could not put into RAW."""

    @property
    def is_healthy(self) -> bool:
        """Whether all three processes run, everything arrives, nothing mismatches and no trade is missing."""
        return not self.problems()

    @property
    def holes(self) -> int:
        """How many trades are missing, over all symbols."""
        return sum(symbol.holes for symbol in self.symbols)

    def problems(self, expected: Sequence[str] = PROCESSES, max_age: float | None = None) -> list[str]:
        """Return what is not as it should be, a line each; empty where all is well.

        `expected` are the processes that should run here; `max_age` is how old the newest trade may be (seconds), in
        the warehouse where one is known, else at the recorder.
        """
        found = [f"{each.name}: {each.text}" for each in self.processes if each.name in expected and not each.is_well]
        found += [symbol.stopped for symbol in self.symbols if symbol.stopped]
        if self.arrival is not None and self.arrival.problem is not None:
            found.append(f"does not arrive: {self.arrival.problem}")
        if self.sending is not None and self.sending.problem is not None:
            found.append(f"not sent to Snowflake: {self.sending.problem}")
        if self.refused is not None and self.refused.count:
            found.append(f"Snowflake refused {self.refused.count:,} rows within a day: {self.refused.told[0]}")
        if mismatches := self.audit.get("mismatch"):
            found.append(f"{mismatches:,} candles are not the exchange's own")
        if self.holes:
            found.append(f"{self.holes:,} trades are missing: {worst(self.symbols)}")
        if max_age is not None:
            found += self._too_old("warehouse" in expected, max_age)
        return found

    def _too_old(self, is_loaded_here: bool, max_age: float) -> list[str]:
        age = self.freshness_seconds
        if age is None and not is_loaded_here:
            age = self.recorded_seconds
        if age is None:
            return ["the age of the newest trade is not known"]
        return [f"the newest trade is {age:.0f} s old, expected {max_age:g} s at most"] if age > max_age else []

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
    tallies = Tallies.of_beat(warehouse) or home.tallies()
    return Report(
        processes=[_process(name, beat) for name, beat in beats.items()],
        symbols=[_symbol(name, recorder, tallies) for name in recorder.get("symbols") or settings.symbols],
        audit=_audit(tallies),
        gaps=tallies.gaps,
        skipped_objects=[str(name) for name in warehouse.get("skipped_objects", [])],
        mart_version=version,
        freshness_seconds=None if traded_at is None else (datetime.now(UTC) - traded_at).total_seconds(),
        cycle_ms=dict(warehouse.get("cycle_ms", {})),
        arrival=home.arrival(warehouse, asks=asks),
        other_quote_amounts=int(recorder.get("other_quote_amounts", 0)),
        recorded_seconds=_age(recorder),
        places=places_of(settings, recorder),
        days=home.days(warehouse),
        sending=Sending.of_beat(warehouse),
        refused=Refused.of_beat(warehouse),
    )


def worst(symbols: Sequence[Symbol], most: int = 3) -> str:
    """Name the symbols that miss the most trades."""
    ranked = sorted((each for each in symbols if each.holes), key=lambda each: -each.holes)
    more = f" and {len(ranked) - most} more" if len(ranked) > most else ""
    return ", ".join(f"{each.symbol} {each.holes:,}" for each in ranked[:most]) + more


def to_json(report: Report, problems: Sequence[str] | None = None) -> str:
    """The report for programs, with its problems: those given, or those of a machine on which everything should run."""
    found = report.problems() if problems is None else list(problems)
    return msgspec.json.encode(asdict(report) | {"is_healthy": not found, "problems": found}).decode()


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


def _audit(tallies: Tallies) -> dict[str, int]:
    return {verdict: int(tallies.audit.get(verdict, 0)) for verdict in VERDICTS}


def _age(recorder: dict[str, Any]) -> float | None:
    events = [each["last_event_at"] for each in recorder.get("symbols", {}).values() if each.get("last_event_at")]
    offset = float(recorder.get("clock_offset_ms", 0)) / 1e3
    return max(0.0, (now_us() - max(events)) / 1e6 + offset) if events else None


def _symbol(name: str, recorder: dict[str, Any], tallies: Tallies) -> Symbol:
    seen = recorder.get("symbols", {}).get(name, {})
    return Symbol(
        symbol=name,
        emitted=seen.get("emitted"),
        head=seen.get("head"),
        in_warehouse=tallies.watermark.get(name),
        holes=int(seen.get("holes", 0)),
        declared=int(seen.get("declared", 0)),
        history_fraction=float(seen.get("history", {}).get("fraction", 0.0)),
        lag_ms=seen.get("lag_ms"),
        stopped=seen.get("stopped"),
    )
