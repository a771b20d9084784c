"""`candlewick setup …`: plan, show, ask, apply."""

from typing import TYPE_CHECKING, Annotated

import typer

from candlewick.cli.app import ConfigOption, settings_from

if TYPE_CHECKING:
    from candlewick.config import Settings
    from candlewick.setup.snowflake import Wire
    from candlewick.setup.stack import Plan, Stack

app = typer.Typer(
    name="setup",
    help="Set up AWS and Snowflake from the settings. Examples: `candlewick setup aws` · `candlewick setup snowflake`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_OPTIONS = {
    "SnowflakeUserArn": "--snowflake-user-arn",
    "SnowflakeExternalId": "--snowflake-external-id",
    "PipeQueueArn": "--pipe-queue-arn",
}
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
    from candlewick.setup.aws import connect, parameters  # noqa: PLC0415
    from candlewick.setup.stack import WIRES, render_outputs  # noqa: PLC0415

    settings = settings_from(config_path)
    wires = dict(zip(WIRES, (snowflake_user_arn, snowflake_external_id, pipe_queue_arn), strict=True))
    wanted = parameters(settings) | {key: value for key, value in wires.items() if value is not None}
    stack, account = connect(settings.s3)
    typer.echo(f"Stack {stack.name} in {stack.region}, account {account}")
    plan = stack.plan(wanted)
    is_so = _apply(stack, plan, dry_run=dry_run, yes=yes)
    if is_so and plan.takes_in:
        typer.echo("What was taken in is as it was; now it becomes what the template says:")
        is_so = _apply(stack, stack.plan(wanted, reverts_drift=True), dry_run=False, yes=yes)
    if is_so:
        typer.echo(render_outputs(stack.outputs()))


@app.command()
def snowflake(
    config_path: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL, and end.")] = False,
    apply_aws: Annotated[
        bool, typer.Option("--apply-aws", help="Hand over to AWS what it must know: changes the stack, asks before.")
    ] = False,
    yes: Yes = False,
    renew_pipe: Annotated[
        bool, typer.Option("--renew-pipe", help="Make the pipe anew: it stopped, or the lake's place has changed.")
    ] = False,
    teardown: Annotated[
        bool, typer.Option("--teardown", help="Remove it all again, rows included; asks for the database's name.")
    ] = False,
) -> None:
    """Make Snowflake's database, roles, warehouse, integration, stage and pipe; run it again at any time.

    It logs in by the connection in connections.toml that the settings name, and needs ACCOUNTADMIN or as much.
    Example: `candlewick setup snowflake --dry-run`
    """
    from candlewick.setup.snowflake import set_up, tear_down  # noqa: PLC0415
    from candlewick.setup.sql import render  # noqa: PLC0415
    from candlewick.warehouse.snowflake.connection import Connection  # noqa: PLC0415

    settings = settings_from(config_path)
    if dry_run:
        role = settings.snowflake.storage_role_arn or "<SnowflakeRoleArn of the stack>"
        typer.echo(render("teardown" if teardown else "setup", settings, role))
        return
    if teardown:
        _confirm_by_name(settings.snowflake.database)
        with Connection.open(settings.snowflake, settings.snowflake.admin_role) as connection:
            tear_down(connection, settings, typer.echo)
        typer.echo(f"Removed. The lake in {settings.lake_url} is as it was.")
        typer.echo(
            "AWS must forget it: candlewick setup aws " + " ".join(f"{option} ''" for option in _OPTIONS.values())
        )
        return
    role = settings.snowflake.storage_role_arn or ("" if settings.publish else _role_of_stack(settings))
    wire = _wire_to_stack(settings, yes=yes) if apply_aws else _wire_by_hand
    with Connection.open(settings.snowflake, settings.snowflake.admin_role) as connection:
        typer.echo(f"Snowflake account {connection.login.account}, user {connection.login.user}")
        set_up(connection, settings, role, typer.echo, wire, renews_pipe=renew_pipe)
    if settings.publish:
        typer.echo("Snowflake is set up; `candlewick warehouse` sends it what is new.")
        return
    typer.echo("Snowflake is set up." if apply_aws else "Snowflake is set up, but for what AWS must know.")
    typer.echo("S3 needs up to five minutes until a new notification works; run this again then, and it catches up.")


def _role_of_stack(settings: "Settings") -> str:
    from candlewick.setup.aws import connect  # noqa: PLC0415

    stack, _ = connect(settings.s3)
    return stack.outputs()["SnowflakeRoleArn"]


def _wire_to_stack(settings: "Settings", *, yes: bool) -> "Wire":
    from candlewick.errors import SetupError  # noqa: PLC0415
    from candlewick.setup.aws import connect, parameters  # noqa: PLC0415

    stack, account = connect(settings.s3)

    def wire(wires: dict[str, str]) -> bool:
        typer.echo(f"Stack {stack.name} in {stack.region}, account {account}")
        plan = stack.plan(parameters(settings) | wires)
        if not _apply(stack, plan, dry_run=False, yes=yes):
            raise SetupError("AWS was not told what it must know of Snowflake; run this again when it may be")
        return True

    return wire


def _wire_by_hand(wires: dict[str, str]) -> bool:
    for key, value in wires.items():
        typer.echo(f"  {key}  {value}")
    words = " ".join(f"{_OPTIONS[key]} '{value}'" for key, value in wires.items())
    typer.echo(f"  AWS must know: candlewick setup aws {words}")
    return False


def _confirm_by_name(database: str) -> None:
    typer.echo(f"This drops the database {database} with every row in it, its warehouse, roles and integration.")
    if typer.prompt("Type the database's name to go on", default="", show_default=False).strip().upper() != database:
        typer.echo("That is not its name. Nothing was removed.")
        raise typer.Exit(1)


def _apply(stack: "Stack", plan: "Plan", *, dry_run: bool, yes: bool) -> bool:
    """Show a plan, ask, apply it; return whether the stack is as planned."""
    from candlewick.setup.stack import render  # noqa: PLC0415

    if plan.is_empty:
        typer.echo("Nothing to change.")
        return True
    typer.echo(render(plan))
    if dry_run or not (yes or typer.confirm("Apply?")):
        stack.discard(plan)
        typer.echo("Nothing was changed.")
        return False
    typer.echo("Applying … CloudFormation takes a minute or two.")
    stack.apply(plan)
    return True
