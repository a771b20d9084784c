"""The commands about whole days: seal them, and prove one to a stranger."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from candlewick.cli.app import ConfigOption, DemoOption, JsonOption, app, console, parsed_day, settings_from, tell_json

Day = Annotated[
    list[datetime] | None,
    typer.Option("--day", parser=parsed_day, help="A day, UTC; more than one is fine.", show_default="all over"),
]
Chosen = Annotated[list[str] | None, typer.Option("--symbol", help="Only this symbol; more than one is fine.")]


@app.command()
def seal(
    days: Day = None,
    symbols: Chosen = None,
    due: Annotated[
        bool, typer.Option("--due", help="As the warehouse does by itself: in the background, what is due.")
    ] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the exchange for what is lacking.")] = False,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: JsonOption = False,
) -> None:
    """Seal days that are over: one file and a certificate each, from what the lake's objects really hold.

    What they lack is asked for by id again. Exit code 1 when a day cannot be sealed; the line says why.
    Example: `candlewick seal --day 2026-11-26 --symbol BTCUSDT`
    """
    from candlewick.process import log  # noqa: PLC0415
    from candlewick.seal import keeping, report  # noqa: PLC0415

    if due and as_json:
        raise typer.BadParameter("expected no `--due` beside it, which tells its log", param_hint="--json")
    settings = settings_from(config_path, demo=demo)
    if due:
        log.configure("seal")
        keeping.seal_due(settings)
        return
    log.configure("seal", level="error")
    chosen = None if days is None else [day.date() for day in days]
    symbols = None if symbols is None else [symbol.upper() for symbol in symbols]
    with report.progress_bar(console(quiet=as_json)) as show:
        found = keeping.seal_days(settings, chosen, symbols, show, asks=not offline)
    absent = sorted({*(chosen or ())} - {each.day for each in found})
    tell_json(found) if as_json else console().print(report.render(found, absent))
    raise typer.Exit(0 if all(each.state == "sealed" for each in found) and not absent else 1)


@app.command()
def prove(
    symbol: Annotated[str, typer.Argument(help="A symbol such as BTCUSDT.")],
    day: Annotated[datetime, typer.Argument(parser=parsed_day, help="The day, or the first of several, UTC.")],
    last: Annotated[
        datetime | None, typer.Option("--to", parser=parsed_day, help="The last day, itself included.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to.", show_default="<symbol>-<day>.proof.zip")
    ] = None,
    trades: Annotated[
        bool,
        typer.Option(
            "--trades/--no-trades", " /--without-trades", help="Without them it proves a day to who has them."
        ),
    ] = True,
    trade_id: Annotated[
        int | None, typer.Option("--trade", help="Prove that this one trade is part of the day: about 1.5 KB.")
    ] = None,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write a proof of sealed days that anybody can check with Python alone: `python verify.py BUNDLE`.

    Example: `candlewick prove BTCUSDT 2026-11-26 -o btc.proof.zip`
    """
    from candlewick.seal import proving  # noqa: PLC0415

    settings = settings_from(config_path, demo=demo)
    symbol, first = symbol.upper(), day.date()
    if trade_id is not None:
        if last is not None or not trades:
            from candlewick.errors import ConfigError  # noqa: PLC0415

            raise ConfigError("--trade: proves one trade of one day; leave out --to and --no-trades")
        path = output or Path(f"{symbol}-{trade_id}.inclusion.json")
        written = proving.prove_trade(settings, symbol, first, trade_id, path)
    else:
        path = output or Path(f"{symbol}-{first}.proof.zip")
        written = proving.prove(settings, symbol, _days(first, (last or day).date()), path, with_trades=trades)
    tell_json(written.told) if as_json else console().print(written.text, soft_wrap=True)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
