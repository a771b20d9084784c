"""The commands that ask and end."""

import sys
from typing import Annotated, Literal

import typer

from candlewick.cli.app import ConfigOption, DemoOption, JsonOption, app, console, settings_from


@app.command()
def status(
    symbols: Annotated[list[str] | None, typer.Argument(help="Which to show; default: all, or the worst few.")] = None,
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every symbol, however many.")] = False,
    expect: Annotated[
        str, typer.Option(help="What should run on this machine: `recorder,warehouse`, or `none`.")
    ] = "recorder,warehouse,dashboard",
    max_age: Annotated[
        str | None, typer.Option(help="How old the newest trade may be: `60s`, `5m`.", show_default="any age")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show freshness per hop, head ids, holes and the audit's verdicts.

    Exit code 1 where what is expected does not run, a trade is missing, a candle mismatches, or the newest trade is
    too old. Example: `candlewick status --expect recorder,warehouse --max-age 60s`
    """
    from candlewick.status import collect, to_json  # noqa: PLC0415
    from candlewick.status.expecting import processes, seconds  # noqa: PLC0415

    expected, oldest = processes(expect, "--expect"), seconds(max_age, "--max-age")
    report = collect(settings_from(config_path, demo=demo), asks=True)
    problems = report.problems(expected, oldest)
    if as_json:
        typer.echo(to_json(report, problems))
    else:
        from rich.markup import escape  # noqa: PLC0415

        from candlewick.status.rendering import render  # noqa: PLC0415

        console().print(render(report, [name.upper() for name in symbols or ()], everything=everything))
        for problem in problems:
            console().print(f"[red]✗[/] {escape(problem)}", soft_wrap=True)
    raise typer.Exit(1 if problems else 0)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement, or `-` to read it from standard input.")],
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    output: Annotated[Literal["table", "csv", "json"], typer.Option("--output", "-o", help="How to print.")] = "table",
) -> None:
    """Query the warehouse while it is written.

    Example: `candlewick sql "select open_time, close, volume from gold.trades_ohlc_5m order by open_time desc limit 3"`
    """
    from candlewick.cli.rows import write_rows  # noqa: PLC0415
    from candlewick.warehouse.home import home_of  # noqa: PLC0415

    statement = sys.stdin.read() if query == "-" else query
    write_rows(home_of(settings_from(config_path, demo=demo)).reader(), statement, output, sys.stdout)
