"""How a verdict is shown: a table and its findings for people, JSON for programs."""

import msgspec
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from candlewick.audit.verdict import TapeVerdict, Verdict, to_dict

MOST_LINES = 20
ABOUT_CUTTING = (
    "only its quote sums differ, by less than 0.00000001 a trade:"
    " this exchange does not add up amounts that are cut after eight places"
)


def to_json(verdict: Verdict) -> str:
    """The verdict for programs."""
    return msgspec.json.encode(to_dict(verdict)).decode()


def render(verdict: Verdict) -> RenderableType:
    """The verdict for people."""
    table = Table("symbol", box=None, header_style="dim")
    for name in ("match", "mismatch", "pending", "no oracle", "missing ids", "declared"):
        table.add_column(name, justify="right", no_wrap=True)
    for tape in verdict.tapes:
        table.add_row(*_row(tape))
    return Group(table, "", *_findings(verdict), *_holes(verdict), *_conclusion(verdict))


def _row(tape: TapeVerdict) -> tuple[str, ...]:
    counts = tape.candles
    return (
        tape.symbol,
        f"[green]{counts['match']:,}[/]",
        _alarming(counts["mismatch"]),
        f"{counts['pending']:,}",
        f"{counts['no_oracle']:,}",
        _alarming(tape.holes),
        f"{tape.declared:,}",
    )


def _alarming(count: int) -> str:
    return f"[bold red]{count:,}[/]" if count else "0"


def _findings(verdict: Verdict) -> list[str]:
    lines = [
        f"[red]mismatch[/] {each.symbol} {each.open_time:%Y-%m-%d %H:%M} ({', '.join(each.fields)})"
        + (f": {ABOUT_CUTTING}" if each.is_about_cutting else "")
        + (f": {escape(each.finding)}" if each.finding else "")
        + (" [yellow](written to the lake)[/]" if each.is_repaired else "")
        for each in verdict.mismatches
    ]
    return _first(lines)


def _holes(verdict: Verdict) -> list[str]:
    return _first(
        [
            f"[red]hole[/] {each.symbol} {each.first}..{each.last}, {each.last - each.first + 1:,} trades"
            for each in verdict.holes
        ]
    )


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"[dim]… and {more:,} more[/]"] if more > 0 else [])]


def _conclusion(verdict: Verdict) -> list[str]:
    if not verdict.tapes:
        return ["No closed candle has been published yet."]
    if verdict.is_repaired:
        return ["[bold yellow]Repaired[/]: what the exchange has was written to the lake; load it, then audit again."]
    if not verdict.is_good:
        return [f"[bold red]Not proved[/]: {len(verdict.mismatches):,} mismatches, {len(verdict.holes):,} holes."]
    first = min(tape.first_at for tape in verdict.tapes)
    last = max(tape.last_at for tape in verdict.tapes)
    lines = [
        f"[bold green]Proved[/]: no trade id is missing, {verdict.count('match'):,} closed candles equal the exchange's"
        f" ({first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC)."
    ]
    if open_ones := verdict.count("pending") + verdict.count("no_oracle"):
        lines.append(
            f"{open_ones:,} more have nothing to be compared with: not yet (pending), or not at all (no oracle)."
        )
    if beside := sum(tape.not_asked_for for tape in verdict.tapes):
        lines.append(f"[dim]{beside:,} ids between recorded periods were never asked for.[/]")
    return lines
