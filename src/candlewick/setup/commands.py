"""`candlewick setup …`: plan, show, ask, apply."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from candlewick import config

if TYPE_CHECKING:
    from candlewick.setup.stack import Plan, Stack

app = typer.Typer(
    name="setup",
    help="Set up AWS and Snowflake from the settings. Examples: `candlewick setup aws` · `candlewick setup snowflake`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="CANDLEWICK_CONFIG", help="The settings' file.", show_default="candlewick.toml"
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and end.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command()
def aws(
    config_path: ConfigOption = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    snowflake_user_arn: Annotated[
        str | None, typer.Option(help="The integration's STORAGE_AWS_IAM_USER_ARN.", show_default="as it is")
    ] = None,
    snowflake_external_id: Annotated[
        str | None, typer.Option(help="The integration's STORAGE_AWS_EXTERNAL_ID.", show_default="as it is")
    ] = None,
    pipe_queue_arn: Annotated[
        str | None, typer.Option(help="The pipe's notification channel.", show_default="as it is")
    ] = None,
) -> None:
    """Make the lake's bucket, its rights and its notification: one CloudFormation stack, shown before it is applied.

    Run it again whenever the settings change. Example: `candlewick setup aws --dry-run`
    """
    from candlewick.setup import aws as room  # noqa: PLC0415
    from candlewick.setup.stack import WIRES  # noqa: PLC0415

    settings = config.load(config_path)
    wires = dict(zip(WIRES, (snowflake_user_arn, snowflake_external_id, pipe_queue_arn), strict=True))
    wanted = room.parameters(settings) | {key: value for key, value in wires.items() if value is not None}
    stack, account = room.connect(settings.s3)
    typer.echo(f"Stack {stack.name} in {stack.region}, account {account}")
    _apply(stack, stack.plan(wanted), dry_run=dry_run, yes=yes)


def _apply(stack: "Stack", plan: "Plan", *, dry_run: bool, yes: bool) -> None:
    from candlewick.setup.plan import render, render_outputs  # noqa: PLC0415

    if plan.is_empty:
        typer.echo("Nothing to change.")
        typer.echo(render_outputs(stack.outputs()))
        return
    typer.echo(render(plan))
    if dry_run or not (yes or typer.confirm("Apply?")):
        stack.discard(plan)
        typer.echo("Nothing was changed.")
        return
    typer.echo("Applying … CloudFormation takes a minute or two.")
    typer.echo(render_outputs(stack.apply(plan)))
