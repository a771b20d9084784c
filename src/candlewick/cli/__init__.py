"""The command line: one command per verb, each a thin call into its room."""

import sys

from rich.console import Console
from rich.markup import escape

from candlewick.cli import history, processes, queries, sealing, settings, setup, user
from candlewick.cli.app import app
from candlewick.errors import CandlewickError
from candlewick.supervisor import leash

__all__ = ["app", "history", "main", "processes", "queries", "sealing", "settings", "setup", "user"]

app.add_typer(settings.app)
app.add_typer(setup.app)
app.add_typer(user.app)


def main() -> None:
    """Run the command line; a mistake of the user's is one line on standard error, never a traceback."""
    leash.watch_supervisor()
    try:
        app()
    except CandlewickError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]error[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
