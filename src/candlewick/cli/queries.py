"""The commands that ask and end."""

import sys
from typing import Annotated, Literal

import typer

from candlewick.cli.app import ConfigOption, DemoOption, app, console, settings_from


@app.command()
def status(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show freshness per hop, head ids, holes and the audit's verdicts.

    Exit code 1 when something that should run does not. Example: `candlewick status --demo`
    """
    from candlewick.status import collect, render, to_json  # noqa: PLC0415

    report = collect(settings_from(config_path, demo=demo), asks=True)
    if as_json:
        typer.echo(to_json(report))
    else:
        console.print(render(report))
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
    from candlewick.cli.rows import write_rows  # noqa: PLC0415
    from candlewick.warehouse.home import home_of  # noqa: PLC0415

    statement = sys.stdin.read() if query == "-" else query
    write_rows(home_of(settings_from(config_path, demo=demo)).reader(), statement, output, sys.stdout)
