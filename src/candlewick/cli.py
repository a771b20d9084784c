"""The command line: one command per verb, each a thin call into its room.

Rooms are imported inside the commands: `candlewick --help` must not wait for dbt or Streamlit to load.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from candlewick import __version__, config, log, supervised
from candlewick.errors import CandlewickError
from candlewick.setup import commands as setup

if TYPE_CHECKING:
    from candlewick.backfill.plan import Plan

app = typer.Typer(
    name="candlewick",
    help="Market data you own and can prove: every Binance trade in your lake and warehouse, and a live chart.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(setup.app)
console = Console()

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="CANDLEWICK_CONFIG",
        help="The settings' file.",
        show_default="candlewick.toml",
    ),
]
DemoOption = Annotated[bool, typer.Option("--demo", help="Use the demo's settings, in `candlewick-demo/`.")]
Symbols = Annotated[list[str] | None, typer.Argument(help="Symbols such as BTCUSDT; default: the settings'.")]
History = Annotated[
    str | None,
    typer.Option(help="How far back to fill on the first start: `90m`, `6h`, `2d`.", show_default="6h"),
]


def settings_from(path: Path | None, *, demo: bool = False, **flags: object) -> config.Settings:
    """Load the settings that a command line asks for."""
    return config.load(config.DEMO_FILE if demo else path, **flags)


@app.command()
def up(
    symbols: Symbols = None,
    config_path: ConfigOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="No internet: trade on the local exchange.")] = False,
    history: History = None,
    port: Annotated[int | None, typer.Option(help="The dashboard's port.", show_default="8501")] = None,
    browser: Annotated[bool, typer.Option(help="Open the dashboard in a browser.")] = True,
) -> None:
    """Run everything: recorder, warehouse and dashboard; Ctrl-C stops all.

    Examples: `candlewick up BTCUSDT ETHUSDT` · `candlewick up --demo`
    """
    from candlewick import demo as demo_room  # noqa: PLC0415
    from candlewick import supervisor  # noqa: PLC0415

    if demo:
        config_path = demo_room.write_config(config.DEMO_FILE)
    supervisor.export_flags(symbols=symbols, history=history, port=port)
    settings = settings_from(config_path)
    supervisor.run(settings, config_path, demo=demo, browser=browser, console=console)


@app.command()
def record(
    symbols: Symbols = None,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    history: History = None,
) -> None:
    """Record trades into the lake: live over two connections, holes by id over REST.

    Example: `candlewick record BTCUSDT --history 2d`
    """
    from candlewick import recorder  # noqa: PLC0415

    log.configure("recorder")
    recorder.run(settings_from(config_path, demo=demo, symbols=symbols or None, history=history))


@app.command()
def warehouse(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    once: Annotated[bool, typer.Option("--once", help="Load what is there, publish it, and end.")] = False,
) -> None:
    """Own the warehouse: load the lake's new objects, run the models, publish the mart.

    Example: `candlewick warehouse --once`
    """
    log.configure("warehouse")
    settings = settings_from(config_path, demo=demo)
    if settings.warehouse == "snowflake":
        from candlewick.snowflake import owner as snowflake  # noqa: PLC0415 - an extra

        snowflake.run(settings, once=once)
    else:
        from candlewick.warehouse import owner  # noqa: PLC0415

        owner.run(settings, once=once)


@app.command()
def dashboard(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    port: Annotated[int | None, typer.Option(help="Where to listen.", show_default="8501")] = None,
) -> None:
    """Serve the chart on this machine.

    Example: `candlewick dashboard --port 8600`
    """
    from candlewick.dashboard import serve  # noqa: PLC0415

    log.configure("dashboard")
    flags = {"port": port} if port is not None else None
    serve.run(settings_from(config_path, demo=demo, dashboard=flags))


@app.command()
def rebuild(config_path: ConfigOption = None, demo: DemoOption = False) -> None:
    """Drop the warehouse and make it again from the lake alone; on Snowflake, GOLD from SILVER.

    The old one stays until the new one is whole. Example: `candlewick rebuild`
    """
    from candlewick.warehouse import owner  # noqa: PLC0415

    log.configure("rebuild", level="warning")
    settings = settings_from(config_path, demo=demo)
    if settings.warehouse == "snowflake":
        from candlewick.snowflake import owner as snowflake  # noqa: PLC0415 - an extra

        snowflake.rebuild(settings)
        console.print(f"Made [bold]{settings.snowflake.database}.GOLD[/] anew.")
        return
    with _progress() as progress:
        task = progress.add_task("Rebuilding from the lake", total=None)
        owner.rebuild(settings, _advance(progress, task))
    console.print(f"Rebuilt [bold]{settings.duckdb_path}[/] from {settings.lake_url}.")


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day, UTC.")],
    symbols: Symbols = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="The last day, itself included.", show_default="today"),
    ] = None,
    candles: Annotated[
        bool, typer.Option("--candles", help="Only the exchange's own candles, for charts: years in a minute.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
) -> None:
    """Fetch days of the past into the lake: whole ones from Binance's archive, the rest by id over REST.

    It shows its plan first. Stopped or killed, the same command goes on where it was.
    Example: `candlewick backfill BTCUSDT --from 2024-08-01 --to 2024-08-31`
    """
    from candlewick import backfill as room  # noqa: PLC0415
    from candlewick.backfill import report  # noqa: PLC0415

    log.configure("backfill", level="warning")

    def agree(plan: "Plan") -> bool:
        console.print(report.render(plan))
        return plan.is_empty or yes or typer.confirm("Start?", default=True)

    settings = settings_from(config_path, demo=demo, symbols=symbols or None)
    days = first.date(), (last or datetime.max).date()
    watch = partial(report.progress_bar, console=console)
    outcome = room.run(settings, *days, agree=agree, watch=watch, only_candles=candles)
    if outcome is not None:
        console.print(report.render_outcome(outcome))
    raise typer.Exit(0 if outcome and outcome.is_complete else 1)


@app.command()
def audit(
    since: Annotated[
        str | None, typer.Option(help="From when on: `2024-08-01`, `2024-08-01T13:30` (UTC), `6h`.", show_default="all")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the exchange about mismatches.")] = False,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Prove the tape: is every closed candle the exchange's own, and is any trade id missing?

    A minute that differs is asked about again, by its trade ids. Exit code 1 on any mismatch or undeclared hole.
    Example: `candlewick audit --since 6h`
    """
    from candlewick import audit as room  # noqa: PLC0415
    from candlewick.audit import report  # noqa: PLC0415

    log.configure("audit", level="error")
    verdict = room.run(settings_from(config_path, demo=demo), room.moment(since), asks=not offline)
    if as_json:
        typer.echo(report.to_json(verdict))
    else:
        console.print(report.render(verdict))
    raise typer.Exit(0 if verdict.is_good else 1)


@app.command()
def status(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show freshness per hop, head ids, holes and the audit's verdicts.

    Exit code 1 when something that should run does not. Example: `candlewick status --demo`
    """
    from candlewick import status as room  # noqa: PLC0415

    report = room.collect(settings_from(config_path, demo=demo), asks=True)
    if as_json:
        typer.echo(room.to_json(report))
    else:
        console.print(room.render(report))
    raise typer.Exit(0 if report.is_healthy else 1)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement, or `-` to read it from standard input.")],
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    output: Annotated[Literal["table", "csv", "json"], typer.Option("--output", "-o", help="How to print.")] = "table",
) -> None:
    """Query the warehouse while it is written.

    Example: `candlewick sql "select * from gold.trades_ohlc_5m order by open_time desc limit 3"`
    """
    from candlewick.reader import open_reader  # noqa: PLC0415
    from candlewick.tables import write_rows  # noqa: PLC0415

    statement = sys.stdin.read() if query == "-" else query
    write_rows(open_reader(settings_from(config_path, demo=demo)), statement, output, sys.stdout)


@app.command()
def exchange(
    symbols: Annotated[
        list[str] | None, typer.Argument(help="Synthetic symbols; `NAME=0.5` sets a mean of trades/s.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where to listen; 0 takes a free one.")] = 9443,
    seed: Annotated[int, typer.Option(help="The synthetic market's seed: the same seed, the same tape.")] = 1,
    rate: Annotated[float, typer.Option(help="Mean trades/s of the first symbol.")] = 10.0,
    replay: Annotated[Path | None, typer.Option(help="Replay a recorded capture: a file or a folder.")] = None,
    speed: Annotated[float, typer.Option(help="Of a replay: 1 as recorded, 10 faster, 0 as fast as it goes.")] = 1.0,
    shift_to_now: Annotated[bool, typer.Option(help="Of a replay: move its times so that it starts now.")] = False,
    weight_limit: Annotated[int, typer.Option(help="REST weight a minute, as Binance counts it.")] = 6000,
    faults: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Inject faults: `on-demand` (`POST /candlewick/faults`, from this machine), or at random, too: "
            "`seed=7,every=5s,kinds=drop|silence`. Without kinds, all there are; `handshake`, `stream`, `market`, "
            "`rest` and `archive` stand for all of theirs.",
            show_default="none",
        ),
    ] = None,
    run_path: Annotated[Path | None, typer.Option(help="Beat into this folder once a second.", hidden=True)] = None,
) -> None:
    """Run a local exchange that speaks Binance's WebSocket, REST and archive dialects.

    Examples: `candlewick exchange --replay captures/ --speed 10` · `candlewick exchange --faults seed=7,every=5s`
    """
    from candlewick.exchange import server  # noqa: PLC0415
    from candlewick.exchange.options import ExchangeOptions  # noqa: PLC0415

    log.configure("exchange")
    named: dict[str, Any] = {"symbols": tuple(symbols)} if symbols else {}
    server.run(
        ExchangeOptions(
            host=host,
            port=port,
            seed=seed,
            rate=rate,
            replay=replay,
            speed=speed,
            shift_to_now=shift_to_now,
            weight_limit=weight_limit,
            faults=faults,
            run_path=run_path,
            **named,
        )
    )


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"candlewick {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end."),
    ] = False,
) -> None:
    """Market data you own and can prove: every Binance trade in your lake and warehouse, and a live chart."""


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _advance(progress: Progress, task: object) -> Callable[[int, int], None]:
    def advance(done: int, total: int) -> None:
        progress.update(task, completed=done, total=total)  # type: ignore[arg-type]

    return advance


def main() -> None:
    """Run the command line; a mistake of the user's is one line on standard error, never a traceback."""
    supervised.watch_supervisor()
    try:
        app()
    except CandlewickError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]error[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
