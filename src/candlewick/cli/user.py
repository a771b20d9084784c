"""`candlewick user`: who may log in to the dashboard, and what for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from candlewick.cli.app import ConfigOption, DemoOption, JsonOption, console, settings_from, tell_json

if TYPE_CHECKING:
    from candlewick.dashboard.door.users import Users

app = typer.Typer(name="user", no_args_is_help=True, rich_markup_mode="markdown")

RoleName = Literal["viewer", "analyst", "admin"]
RoleOption = Annotated[
    RoleName, typer.Option("--role", help="What they may do: look, run SQL, too, or everything.", case_sensitive=False)
]
Name = Annotated[str, typer.Argument(help="What they are called.")]


@app.callback()
def _user() -> None:
    """Add, list and remove the users of the dashboard and its programs' tokens, and print its link.

    Example: `candlewick user add ada --role analyst`
    """


@app.command()
def add(
    name: Name,
    role: RoleOption = "viewer",
    config_path: ConfigOption = None,
    demo: DemoOption = False,
    stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")] = False,
) -> None:
    """Add somebody with a password, or change theirs; for `auth = "password"`, or a role for `auth = "proxy"`.

    Example: `candlewick user add ada --role analyst`
    """
    from candlewick.dashboard.door.visitor import Role  # noqa: PLC0415

    password = (
        sys.stdin.readline().rstrip("\n")
        if stdin
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    _users(config_path, demo).add(name, Role.named(role), password)
    console().print(f"{name} may log in as {role}.", markup=False)


@app.command()
def token(name: Name, role: RoleOption = "viewer", config_path: ConfigOption = None, demo: DemoOption = False) -> None:
    """Make a program's token and print it, this once: `Authorization: Bearer …`.

    Example: `candlewick user token grafana --role viewer`
    """
    from candlewick.dashboard.door.visitor import Role  # noqa: PLC0415

    typer.echo(_users(config_path, demo).add_token(name, Role.named(role)))


@app.command("list")
def list_(config_path: ConfigOption = None, demo: DemoOption = False, as_json: JsonOption = False) -> None:
    """List users and tokens.

    Example: `candlewick user list`
    """
    if as_json:
        users = _users(config_path, demo).all().values()
        tell_json([{"name": user.name, "role": user.role, "by": user.kind} for user in users])
        return
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("name", "role", "by")
    for user in _users(config_path, demo).all().values():
        table.add_row(escape(user.name), user.role, user.kind)
    console().print(table)


@app.command()
def remove(name: Name, config_path: ConfigOption = None, demo: DemoOption = False) -> None:
    """Let somebody in no more: their sessions end, their token is worth nothing.

    Example: `candlewick user remove ada`
    """
    _users(config_path, demo).remove(name)
    console().print(f"{name} is let in no more.", markup=False)


@app.command()
def link(config_path: ConfigOption = None, demo: DemoOption = False) -> None:
    """Print the link by which a browser logs in where `auth = "token"`; it is as good as a password.

    Example: `candlewick user link`
    """
    from candlewick.supervisor.supervisor import dashboard_link  # noqa: PLC0415

    typer.echo(dashboard_link(settings_from(config_path, demo=demo)))


def _users(config_path: Path | None, demo: bool) -> "Users":
    from candlewick.dashboard.door.keeper import USERS_FILE  # noqa: PLC0415
    from candlewick.dashboard.door.users import Users  # noqa: PLC0415

    return Users(settings_from(config_path, demo=demo).door_path / USERS_FILE)
