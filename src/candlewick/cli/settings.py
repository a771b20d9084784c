"""`candlewick config …`: start a settings' file, and see what counts and why."""

from pathlib import Path
from typing import Annotated

import typer

from candlewick.cli.app import ConfigOption

app = typer.Typer(
    name="config",
    help="Start a settings' file, show what counts. Examples: `candlewick config init` · `candlewick config show`",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")] = Path(
        "candlewick.toml"
    ),
) -> None:
    """Write a file with every setting, its default and what it is for.

    Example: `candlewick config init`
    """
    from candlewick.config import EXAMPLE_FILE  # noqa: PLC0415
    from candlewick.errors import ConfigError  # noqa: PLC0415

    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(EXAMPLE_FILE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise ConfigError(f"{file}: is there already; name another file, or edit it as it is") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from None
    typer.echo(f"Wrote {file}. Keep what you change; `candlewick config show` tells what counts.")


@app.command()
def show(config_path: ConfigOption = None) -> None:
    """Print all settings as they count, and where each one that is not the default came from.

    Example: `candlewick config show | grep port`
    """
    from candlewick.config import sources_of  # noqa: PLC0415
    from candlewick.config.showing import to_toml  # noqa: PLC0415

    typer.echo(to_toml(sources_of(config_path)))


@app.command()
def path(config_path: ConfigOption = None) -> None:
    """Print which file is read. Exit code 1 where there is none.

    Example: `candlewick config path`
    """
    from candlewick.config import file_of  # noqa: PLC0415

    file, _ = file_of(config_path)
    typer.echo(file.absolute())
    raise typer.Exit(0 if file.exists() else 1)
