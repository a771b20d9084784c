"""The commands that run until they are stopped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from candlewick.cli.app import (
    ConfigOption,
    DemoOption,
    History,
    JsonOption,
    Symbols,
    app,
    console,
    settings_from,
    tell_json,
)

InsecureOption = Annotated[
    bool, typer.Option("--insecure", help="Let everybody in who reaches the dashboard, from any machine, SQL included.")
]

if TYPE_CHECKING:
    from candlewick.warehouse.home import Newest


@app.command()
def up(
    symbols: Symbols = None,
    config_path: ConfigOption = None,
    demo: Annotated[bool, typer.Option("--demo", help="No internet: trade on the local exchange.")] = False,
    history: History = None,
    port: Annotated[int | None, typer.Option(help="The dashboard's port.", show_default="8501")] = None,
    browser: Annotated[bool, typer.Option(help="Open the dashboard in a browser.")] = True,
    insecure: InsecureOption = False,
) -> None:
    """Run everything: recorder, warehouse and dashboard; Ctrl-C stops all.

    Examples: `candlewick up BTCUSDT ETHUSDT` · `candlewick up --demo`
    """
    from candlewick import config  # noqa: PLC0415
    from candlewick.supervisor import demo as demo_room  # noqa: PLC0415
    from candlewick.supervisor import supervisor  # noqa: PLC0415

    if demo:
        config_path = demo_room.write_config(config.DEMO_FILE)
    flags = _dashboard_flags(port, insecure)
    settings = settings_from(config_path, symbols=symbols or None, history=history, dashboard=flags)
    supervisor.export_flags(symbols=symbols, history=history, port=port, insecure=insecure)
    supervisor.run(settings, config_path, demo=demo, browser=browser, console=console())


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
    from candlewick.process import log  # noqa: PLC0415

    log.configure("recorder")
    recorder.run(settings_from(config_path, demo=demo, symbols=symbols or None, history=history))


@app.command()
def warehouse(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    once: Annotated[bool, typer.Option("--once", help="Load what is there, publish it, and end.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Own the warehouse: load the lake's new objects, run the models, publish the mart.

    Example: `candlewick warehouse --once`
    """
    from candlewick.process import log  # noqa: PLC0415
    from candlewick.process.chore import chore  # noqa: PLC0415
    from candlewick.status.server import probed  # noqa: PLC0415
    from candlewick.warehouse.home import home_of  # noqa: PLC0415

    if as_json and not once:
        raise typer.BadParameter("expected `--once` beside it; else there is no result", param_hint="--json")
    log.configure("warehouse")
    settings = settings_from(config_path, demo=demo)
    home = home_of(settings)
    if once:
        home.own(once=True)
        newest = home.newest({})
        tell_json(newest._asdict()) if as_json else typer.echo(_published(newest))
        return
    flags = (*(("--config", str(config_path)) if config_path else ()), *(("--demo",) if demo else ()))
    with probed(settings), chore(("seal", "--due", *flags), settings.log_path / "seal.log"):
        home.own(once=False)


def _published(newest: "Newest") -> str:
    """What `--once` left behind, in one line."""
    if newest.version is None:
        return "Loaded and transformed what is there."
    traded = f", newest trade {newest.traded_at:%Y-%m-%d %H:%M:%S} UTC" if newest.traded_at else ", no trade yet"
    return f"Published version {newest.version}{traded}."


@app.command()
def dashboard(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    port: Annotated[int | None, typer.Option(help="Where to listen.", show_default="8501")] = None,
    insecure: InsecureOption = False,
) -> None:
    """Serve the chart on this machine.

    Example: `candlewick dashboard --port 8600`
    """
    from candlewick.dashboard import serve  # noqa: PLC0415
    from candlewick.process import log  # noqa: PLC0415

    log.configure("dashboard")
    serve.run(settings_from(config_path, demo=demo, dashboard=_dashboard_flags(port, insecure)))


def _dashboard_flags(port: int | None, insecure: bool) -> dict[str, object] | None:
    """The flags of the section `[dashboard]` that were given; None where none was."""
    flags = {"port": port, "insecure": insecure or None}
    return {name: value for name, value in flags.items() if value is not None} or None


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
    from candlewick.fake_binance.server import server  # noqa: PLC0415
    from candlewick.fake_binance.server.options import ExchangeOptions  # noqa: PLC0415
    from candlewick.process import log  # noqa: PLC0415

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
