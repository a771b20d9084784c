"""`candlewick doctor`: try everything that a real installation rests on."""

from typing import Annotated

import typer

from candlewick.cli.app import ConfigOption, DemoOption, JsonOption, app, console, settings_from


@app.command()
def doctor(
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    real: Annotated[bool, typer.Option("--real", help="Also record for some minutes, apart, and prove it.")] = False,
    minutes: Annotated[float, typer.Option(min=0.1, max=60, help="How long `--real` records.")] = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Try machine, disk, clock, lake and every host of the exchange, and say what to do where something is not so.

    Nothing is left changed. `--real` records into a folder of its own, proves what it recorded, and removes it.
    Exit code 1 where something is wrong. Example: `candlewick doctor --real --json > report.json`
    """
    from candlewick.process import log  # noqa: PLC0415
    from candlewick.setup.checks import run  # noqa: PLC0415
    from candlewick.setup.checks.answers import is_well, render, to_json  # noqa: PLC0415
    from candlewick.setup.checks.trial import trial  # noqa: PLC0415

    log.configure("doctor", level="error")
    settings, answers = settings_from(config_path, demo=demo), []
    for answer in run(settings):
        answers.append(answer)
        if not as_json:
            console().print(render([answer]))
    if real:
        for answer in trial(settings, minutes * 60):
            answers.append(answer)
            if not as_json:
                console().print(render([answer]))
    if as_json:
        typer.echo(to_json(answers))
    raise typer.Exit(0 if is_well(answers) else 1)
