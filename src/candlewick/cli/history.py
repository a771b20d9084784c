"""The commands about the past: fetch it, prove it, make the warehouse from it again."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from candlewick.cli.app import (
    ConfigOption,
    DemoOption,
    JsonOption,
    Symbols,
    app,
    console,
    parsed_day,
    settings_from,
    tell_json,
)

if TYPE_CHECKING:
    from rich.progress import Progress

    from candlewick.backfill.plan import Plan
    from candlewick.config import Settings


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", parser=parsed_day, help="The first day, UTC.")],
    symbols: Symbols = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", parser=parsed_day, help="The last day, itself included.", show_default="today"),
    ] = None,
    candles: Annotated[
        bool, typer.Option("--candles", help="Only the exchange's own candles, for charts: years in a minute.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch days of the past into the lake: whole ones from Binance's archive, the rest by id over REST.

    It shows its plan first. Stopped or killed, the same command goes on where it was.
    Exit code 1 where it was stopped, or where trades exist that no host gives. With `--json` it does not ask either.
    Example: `candlewick backfill BTCUSDT --from 2024-08-01 --to 2024-08-31`
    """
    from candlewick.backfill import report, run  # noqa: PLC0415
    from candlewick.process import log  # noqa: PLC0415
    from candlewick.seal import keeping  # noqa: PLC0415

    log.configure("backfill", level="warning")

    def agree(plan: "Plan") -> bool:
        if as_json:
            return True
        console().print(report.render(plan))
        return plan.is_empty or yes or typer.confirm("Start?", default=True)

    settings = settings_from(config_path, demo=demo, symbols=symbols or None)
    days = first.date(), (last or datetime.max).date()
    watch = partial(report.progress_bar, console=console(quiet=as_json))
    # Snowflake loads lines, and a sealed day has none beside its file: there the objects come first.
    sealing = None if candles or settings.warehouse == "snowflake" else keeping.arriving(settings)
    outcome = run(settings, *days, agree=agree, watch=watch, only_candles=candles, sealing=sealing)
    if outcome is not None:
        tell_json(asdict(outcome)) if as_json else console().print(report.render_outcome(outcome))
    raise typer.Exit(0 if outcome and outcome.is_complete and not outcome.withheld else 1)


@app.command()
def audit(
    since: Annotated[
        str | None, typer.Option(help="From when on: `2024-08-01`, `2024-08-01T13:30` (UTC), `6h`.", show_default="all")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the exchange about mismatches.")] = False,
    lake: Annotated[
        bool, typer.Option("--lake", help="Look at the objects themselves: is all there that was written?")
    ] = False,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: JsonOption = False,
) -> None:
    """Prove the tape: is every closed candle the exchange's own, and is any trade id missing?

    A minute that differs is asked about again, by its trade ids. With `--lake` the objects themselves are looked at:
    trades that were written and whose objects are gone are fetched again, and each sealed day is read against its
    certificate.
    Exit code 1 on any mismatch, undeclared hole or missing object. Example: `candlewick audit --since 6h`
    """
    from candlewick.audit import moment, report, run  # noqa: PLC0415
    from candlewick.process import log  # noqa: PLC0415

    log.configure("audit", level="error")
    if lake:
        _audit_lake(settings_from(config_path, demo=demo), as_json=as_json)
    verdict = run(settings_from(config_path, demo=demo), moment(since), asks=not offline)
    if as_json:
        typer.echo(report.to_json(verdict))
    else:
        console().print(report.render(verdict))
    raise typer.Exit(0 if verdict.is_good else 1)


def _audit_lake(settings: "Settings", *, as_json: bool) -> NoReturn:
    from candlewick.audit import lake  # noqa: PLC0415
    from candlewick.seal import checking  # noqa: PLC0415

    if as_json:
        verdict, seals = lake.run(settings, _untold), checking.run(settings, _untold)
        typer.echo(lake.to_json(verdict, checking.to_json(seals)))
    else:
        with _progress() as progress:
            verdict = lake.run(settings, _advance(progress, progress.add_task("Hours of the lake", total=None)))
            seals = checking.run(settings, _advance(progress, progress.add_task("Sealed days", total=None)))
        console().print(lake.render(verdict))
        console().print(checking.render(seals))
    raise typer.Exit(0 if verdict.is_good and seals.is_good else 1)


def _untold(_done: int, _total: int) -> None:
    """Show no progress."""


@app.command()
def rebuild(config_path: ConfigOption = None, demo: DemoOption = False, as_json: JsonOption = False) -> None:
    """Drop the warehouse and make it again from the lake alone; on Snowflake, GOLD from SILVER.

    The old one stays until the new one is whole. Example: `candlewick rebuild`
    """
    from candlewick.process import log  # noqa: PLC0415
    from candlewick.warehouse.home import home_of  # noqa: PLC0415

    log.configure("rebuild", level="warning")
    home = home_of(settings_from(config_path, demo=demo))
    with _progress(quiet=as_json) as progress:
        task = progress.add_task("Rebuilding", total=None)
        made = home.rebuild(_advance(progress, task))
    tell_json(home.newest({})._asdict()) if as_json else console().print(made)


@app.command()
def load(
    since: Annotated[
        datetime | None,
        typer.Option(parser=parsed_day, help="The first day, UTC.", show_default="all that the lake has"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config_path: ConfigOption = None,
) -> None:
    """Load the lake's history into Snowflake, day by day: sealed files where there are some, else the small objects.

    It shows its plan first, and leaves out what is loaded: stopped or killed, the same command goes on where it was.
    Stop `candlewick warehouse` before. Example: `candlewick load --since 2024-08-01`
    """
    from candlewick.process import log  # noqa: PLC0415
    from candlewick.warehouse.home import home_of  # noqa: PLC0415

    log.configure("load", level="warning")
    home = home_of(settings_from(config_path))

    def agree(plan: str) -> bool:
        console().print(plan)
        return yes or typer.confirm("Start?", default=True)

    with _progress() as progress:
        bar = progress.add_task("Days", total=None, visible=False)

        def advance(done: int, total: int) -> None:
            progress.update(bar, completed=done, total=total, visible=True)

        made = home.load(since.date() if since else None, agree, advance)
    if made is not None:
        console().print(made)
    raise typer.Exit(0 if made is not None else 1)


def _progress(*, quiet: bool = False) -> "Progress":
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(quiet=quiet),
    )


def _advance(progress: "Progress", task: object) -> Callable[[int, int], None]:
    def advance(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)  # type: ignore[arg-type]

    return advance
