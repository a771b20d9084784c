"""The command line: one command per verb, each a thin call into its room."""

import codecs
import io
import sys

if sys.platform == "win32":
    sys.exit("error: Candlewick runs on Linux and macOS; on Windows install it inside WSL (`wsl --install`)")

from candlewick.cli import doctor, history, processes, queries, sealing, settings, setup, user
from candlewick.cli.app import app
from candlewick.process import leash
from candlewick.process.sparing import spare_pandas

__all__ = ["app", "doctor", "history", "main", "processes", "queries", "sealing", "settings", "setup", "user"]

app.add_typer(settings.app)
app.add_typer(setup.app)
app.add_typer(user.app)


_WITHOUT_PANDAS = {"warehouse", "rebuild", "seal", "prove", "backfill", "audit"}
"""Commands that use Arrow and no frames; a home in Snowflake takes that back."""


def main() -> None:
    """Run the command line; a mistake of the user's is one line on standard error, never a traceback."""
    leash.watch_supervisor()
    if _WITHOUT_PANDAS & set(sys.argv[1:2]):
        spare_pandas()
    _write_utf8()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - what is no mistake of the user's is raised again
        sys.exit(_exit_code(error))


_EXTRAS = {"dbt": "dbt", "snowflake": "snowflake", "boto3": "aws", "cryptography": "proof", "authlib": "login"}
_LEFT_OUT = ("duckdb", "pyarrow", "numpy", "streamlit", "starlette", "uvicorn")
"""What a machine that only records need not have."""


def _exit_code(error: Exception) -> int:
    """Tell a mistake of the user's in one line, and return its exit code; raises what is none."""
    from rich.console import Console  # noqa: PLC0415 - as all that `--help` can do without
    from rich.markup import escape  # noqa: PLC0415

    from candlewick.errors import CandlewickError, ConfigError  # noqa: PLC0415

    if isinstance(error, ModuleNotFoundError):
        package = (error.name or "").partition(".")[0]
        if package in _LEFT_OUT:
            error = ConfigError(f"this needs {package}, and here is what a recorder needs: pip install candlewick")
        elif package in _EXTRAS:
            error = ConfigError(f"this needs the extra: pip install 'candlewick[{_EXTRAS[package]}]'")
    if not isinstance(error, CandlewickError):
        raise error
    Console(stderr=True, highlight=False).print(f"[bold red]error[/] {escape(str(error))}", soft_wrap=True)
    return error.exit_code


def _write_utf8() -> None:
    """Write UTF-8 where the locale is one that has no other letters than ASCII's: tables and symbols have some."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name == "ascii":
            stream.reconfigure(encoding="utf-8")
