"""What a user sees of a backfill: the plan before it starts, its progress, and what came of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from candlewick.backfill import AnyJob, Outcome
from candlewick.backfill.plan import Plan, PlanRow

MOST_NOTES = 12
_SOURCES = {"archive": "daily files", "rest": "REST, by id", "held": "already there"}


def render(plan: Plan) -> RenderableType:
    """The plan as a table: where trades come from, how many, and what that costs."""
    table = Table("symbol", "from", box=None, header_style="dim")
    for name in ("days", "trades", "download", "requests", "about"):
        table.add_column(name, justify="right")
    for row in plan.rows():
        table.add_row(row.symbol, _SOURCES[row.source], *_costs(row))
    if plan.minutes:
        candles = f"[dim]{plan.minutes:,} candles[/]"
        table.add_row("", "REST, candles", "", candles, "", f"{plan.kline_requests:,}", "")
    table.add_section()
    size = sum(row.byte_count for row in plan.rows())
    requests = plan.kline_requests + sum(row.requests for row in plan.rows())
    total = (f"{plan.missing:,}", decimal(size) if size else "", f"{requests:,}", duration(plan.seconds))
    table.add_row("", "[bold]in all[/]", "", *(f"[bold]{each}[/]" for each in total))
    return Group(table, *_notes([f"{day.symbol} {day.day}: {day.note}" for day in plan.days if day.note]))


def _costs(row: PlanRow) -> tuple[str, ...]:
    if row.source == "held":
        return f"{row.days:,}", "", "", "", ""
    size = decimal(row.byte_count) if row.byte_count else ""
    return f"{row.days:,}", f"{row.trades:,}", size, f"{row.requests:,}" if row.requests else "", duration(row.seconds)


def _notes(notes: list[str]) -> list[str]:
    shown = [f"[yellow]·[/] {escape(note)}" for note in notes[:MOST_NOTES]]
    return [*shown, f"[dim]  and {len(notes) - MOST_NOTES} more[/]"] if len(notes) > MOST_NOTES else shown


def render_outcome(outcome: Outcome) -> RenderableType:
    """What came of it."""
    what = f"{outcome.candles:,} candles" if outcome.candles else f"{outcome.trades:,} trades"
    lines = [f"{what} are new in the lake, in {outcome.objects:,} objects."]
    if not outcome.objects and not outcome.withheld:
        lines = ["Nothing to do: all of it is there."]
    if outcome.sealed:
        lines.append(f"{outcome.sealed:,} whole {'day is' if outcome.sealed == 1 else 'days are'} sealed: a file each.")
    if outcome.declared:
        lines.append(f"[yellow]{outcome.declared:,} trade ids do not exist, says the exchange: declared holes.[/]")
    if outcome.withheld:
        lines.append(
            f"[bold red]{outcome.withheld:,} trades are still missing[/]: they exist, and no host gives them by id."
            " They stay open, and the same command asks for them again."
        )
    if not outcome.is_complete:
        lines.append("Stopped before the end; the same command goes on from here.")
    return Group(*lines, *_notes(outcome.notes))


@contextmanager
def progress_bar(job: AnyJob, console: Console) -> Iterator[Callable[[], None]]:
    """Give what shows how far a job is, each time it is called."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting")

        def show() -> None:
            done, total = job.progress
            progress.update(task, completed=done, total=total, description=job.doing)

        yield show
        show()


def duration(seconds: float) -> str:
    """A duration in words, roughly."""
    if seconds < 1:
        return "1 s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
