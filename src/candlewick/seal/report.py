"""Sealed days and those that could not be, for people: a progress bar while it works, a table when it is done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from candlewick.seal.sealing import Finding, Show

_COLOURS = {"sealed": "green", "healing": "yellow", "partial": "yellow", "mismatch": "red", "lost": "red"}


@contextmanager
def progress_bar(console: Console) -> Iterator[Show]:
    """Show what a sealing is at."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("looking at the lake", total=None)

        def show(text: str, done: int, total: int) -> None:
            progress.update(task, description=text, completed=done, total=total)

        yield show


def render(findings: Sequence[Finding], absent: Sequence[date] = ()) -> RenderableType:
    """Return a table of what was found, one row a day of a symbol; `absent` are days that were named and lack."""
    lines = [f"{day}: the lake has no trade of it; `candlewick backfill --from {day} --to {day}`" for day in absent]
    if not findings:
        return "\n".join(lines) or "No day to seal: none is over, or all are sealed."
    columns = {
        "symbol": [each.symbol for each in findings],
        "day": [str(each.day) for each in findings],
        "state": [f"[{_COLOURS.get(each.state, 'white')}]{each.state}[/]" for each in findings],
        "trades": [f"{each.count:,}" if each.count else "" for each in findings],
        "bytes each": [f"{each.byte_count / each.count:.1f}" if each.count else "" for each in findings],
        "declared": [f"{each.declared:,}" if each.declared else "" for each in findings],
        "fetched": [f"{each.healed:,}" if each.healed else "" for each in findings],
        "digest, or why not": [each.digest[:16] or escape(each.reason) for each in findings],
    }
    told = {name: values for name, values in columns.items() if any(values)}
    table = Table()
    for name in told:
        table.add_column(name, no_wrap=name in ("symbol", "day", "state", "trades"))
    for row in zip(*told.values(), strict=True):
        table.add_row(*row)
    return Group(table, *lines)
