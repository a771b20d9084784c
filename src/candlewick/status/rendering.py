"""The report for people: processes, symbols, and how it all stands. Pure."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from candlewick.moments import now_us
from candlewick.status import Report, Symbol
from candlewick.status.many import SHOWN_AT_MOST, WORST, sums, the_few
from candlewick.status.places import shown
from candlewick.warehouse.home import Days


def render(report: Report, named: Collection[str] = (), *, everything: bool = False) -> RenderableType:
    """The report as tables; of more than `SHOWN_AT_MOST` symbols their sums and the worst few, unless asked for."""
    return Group(_processes_table(report), _symbols_table(report, named, everything=everything), _summary(report))


def _shown(report: Report, named: Collection[str], *, everything: bool) -> Sequence[Symbol]:
    """The symbols of the table: those named, all, or those that miss the most and lag the most."""
    if named:
        return [symbol for symbol in report.symbols if symbol.symbol in named]
    return report.symbols if everything else the_few(report.symbols)


def _processes_table(report: Report) -> Table:
    table = Table("process", "state", "pid", "since (UTC)", box=None, header_style="dim", pad_edge=False)
    for process in report.processes:
        since = (
            ""
            if process.started_at is None
            else f"{datetime.fromtimestamp(process.started_at / 1e6, UTC):%Y-%m-%d %H:%M:%S}"
        )
        colour = "green" if process.is_well else "yellow" if process.is_alive else "red"
        table.add_row(process.name, f"[{colour}]● {escape(process.state)}[/]", str(process.pid or ""), since)
    return table


def _symbols_table(report: Report, named: Collection[str], *, everything: bool) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, collapse_padding=True)
    for name in ("symbol", "received", "in the\nlake", "in the\nwarehouse", "missing", "declared", "history", "lag"):
        table.add_column(name, no_wrap=True)  # an id that is cut off tells nothing: 80 columns hold ten digits each
    shown = _shown(report, named, everything=everything)
    total = [sums(report.symbols)] if len(shown) < len(report.symbols) and not named else []
    for symbol in [*total, *shown]:
        table.add_row(
            escape(symbol.symbol),
            *(str(step) if step is not None else "-" for step in (symbol.emitted, symbol.head, symbol.in_warehouse)),
            f"[{'red' if symbol.holes else 'green'}]{symbol.holes}[/]",
            str(symbol.declared),
            f"{symbol.history_fraction:.0%}",
            "-" if symbol.lag_ms is None else f"{symbol.lag_ms:.0f} ms",
        )
    return table


def _days(days: Days) -> list[str]:
    """How many days that are over are sealed, and what keeps the newest others from that."""
    if not days.counts:
        return []
    counted = ", ".join(f"{count:,} {state}" for state, count in days.counts.items())
    waiting = [each for each in days.open if each.state not in ("whole", "declared")][:WORST]
    texts = [escape(f"{each.symbol} {each.day} {each.state}: {each.why}") for each in waiting]
    return [f"days over         {counted}", *(f"[yellow]not sealed[/]        {text}" for text in texts)]


def _summary(report: Report) -> str:
    audit = ", ".join(f"{count} {verdict}" for verdict, count in report.audit.items() if count) or "none yet"
    place = "the mart" if report.arrival is None else "GOLD"
    version = "" if report.mart_version is None else f", version {report.mart_version}"
    lines = [
        f"\ncandles audited   {audit}",
        f"gaps in the tape  {report.gaps}",
        f"freshness         {report.freshness_text} (newest trade in {place}{version})",
    ]
    lines += _days(report.days)
    lines += shown(report.places)
    lines += [
        f"[yellow]{process.name} {escape(process.state)}[/]   {escape(process.problem)}"
        for process in report.processes
        if process.problem
    ]
    if report.arrival is not None:
        lines.append(f"arrival           {escape(report.arrival.text(now_us()))}")
        lines += [f"[red]does not arrive[/]   {escape(report.arrival.problem)}"] if report.arrival.problem else []
    if len(report.symbols) > SHOWN_AT_MOST:
        lines.append("[dim]the worst few are shown; `candlewick status SYMBOL`, or --all for the rest[/]")
    if report.sending is not None:
        lines.append(f"sending           {escape(report.sending.text(now_us()))}")
        lines += [f"[red]not sent[/]          {escape(report.sending.problem)}"] if report.sending.problem else []
    if report.refused is not None and (report.refused.count or report.refused.problem):
        lines.append(f"[red]refused rows[/]      {escape(report.refused.text())}")
        lines += [f"[red]refused row[/]       {escape(row)}" for row in report.refused.told]
    lines += [f"[red]stopped[/]           {escape(symbol.stopped)}" for symbol in report.symbols if symbol.stopped]
    lines += [f"[yellow]skipped object[/]    {escape(name)}" for name in report.skipped_objects]
    if report.other_quote_amounts:
        lines.append(
            f"[yellow]quote amounts[/]     {report.other_quote_amounts:,} trades whose own is not price x quantity,"
            " cut after eight places"
        )
    return "\n".join(lines)
