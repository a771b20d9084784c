"""The command line's root: its options, and what every command shares.

Rooms are imported inside the commands: `candlewick --help` must not wait for settings, dbt or Streamlit to load.
"""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from candlewick.version import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from candlewick.config import Settings

_ORDER = (
    "up",
    "record",
    "warehouse",
    "dashboard",
    "exchange",
    "status",
    "doctor",
    "sql",
    "backfill",
    "audit",
    "seal",
    "prove",
    "rebuild",
)


class _InOrder(TyperGroup):
    """Lists the commands as a user meets them: what runs, what asks, what goes back."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))


app = typer.Typer(
    name="candlewick",
    cls=_InOrder,
    help="Market data you own and can prove: every Binance trade in your lake and warehouse, and a live chart.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def parsed_day(text: str) -> datetime:
    """A day of the command line."""
    try:
        return datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        raise typer.BadParameter(f"expected a day such as 2024-08-08, got {text!r}") from None


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
JsonOption = Annotated[bool, typer.Option("--json", help="For programs: docs/automation.md has its schema.")]
Symbols = Annotated[list[str] | None, typer.Argument(help="Symbols such as BTCUSDT; default: the settings'.")]
History = Annotated[
    str | None,
    typer.Option(help="How far back to fill on the first start: `90m`, `6h`, `2d`.", show_default="6h"),
]


@cache
def console(*, quiet: bool = False) -> "Console":
    """Return the terminal; with `quiet`, one for what nobody is to see."""
    from rich.console import Console  # noqa: PLC0415 - with --json, and by most processes, it is not needed

    return Console(quiet=quiet)


def tell_json(told: object) -> None:
    """Print a result for programs, on one line."""
    import msgspec  # noqa: PLC0415

    typer.echo(msgspec.json.encode(told).decode())


def settings_from(path: Path | None, *, demo: bool = False, **flags: object) -> "Settings":
    """Load the settings that a command line asks for."""
    from candlewick import config  # noqa: PLC0415

    return config.load(config.DEMO_FILE if demo else path, **flags)


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
