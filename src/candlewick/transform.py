"""Runs the models: dbt in this process, its project parsed once and reused.

A run of the command line costs three seconds before its first statement; a run in here costs a third of one in all.
Nothing is written into the package or the working directory: profile and compiled SQL lie in a folder of ours.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from candlewick.errors import ModelError
from candlewick.files import replace_atomically

PROJECT = Path(__file__).parent / "models"

_ALONE = ("--target=duckdb", "--no-send-anonymous-usage-stats")
"""What a user's own DBT_* variables must not decide for us."""
_QUIET = ("--quiet", "--log-level=none", "--log-level-file=none", "--no-print", "--no-version-check")
_QUICK = ("--no-write-json", "--no-populate-cache", "--threads=1")
_FAILED = ("error", "fail", "runtime error")


class Models:
    """The dbt project on one DuckDB file. The caller holds that file open, too, and runs one thing at a time."""

    def __init__(self, database: Path, folder: Path, *, timezone: str) -> None:
        """Parse the project for `database`, with the profile in `folder`. Raises `ModelError`."""
        folder, database = folder.absolute(), database.absolute()  # dbt takes relative paths from the project's folder
        self._folder = folder
        _write_profile(database, folder)
        self._arguments = (
            *_ALONE,
            *_QUIET,
            f"--project-dir={PROJECT}",
            f"--profiles-dir={folder}",
            f"--target-path={folder / 'target'}",
            f"--log-path={folder / 'logs'}",
            f"--vars={json.dumps({'timezone': timezone})}",
        )
        parsed = dbtRunner().invoke(["parse", *self._arguments])
        _check(parsed)
        assert isinstance(parsed.result, Manifest)
        self._dbt = dbtRunner(manifest=parsed.result)

    def run(self, *, with_audit: bool = True) -> None:
        """Run the models on what is new; without those of the audit, for which no chart waits. Raises `ModelError`."""
        self._invoke("run", *_QUICK, *(() if with_audit else ("--exclude=tag:audit",)))

    def make_anew(self, *models: str) -> None:
        """Make tables of GOLD anew from SILVER, all of them where none is named. Raises `ModelError`."""
        self._invoke("run", *_QUICK, "--full-refresh", *(("--select", *models) if models else ()))

    def build(self) -> None:
        """Run all models, their data tests and their unit tests. Raises `ModelError` for the first that fails."""
        self._invoke("build", *_QUICK)

    def close(self) -> None:
        """Let go of the DuckDB file: dbt holds it open between runs."""
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def _invoke(self, command: str, *arguments: str) -> None:
        _check(self._dbt.invoke([command, *self._arguments, *arguments]))


def _write_profile(database: Path, folder: Path) -> None:
    output = {"type": "duckdb", "path": str(database), "schema": "main", "threads": 1}
    profile = {"candlewick": {"target": "duckdb", "outputs": {"duckdb": output}}}
    replace_atomically(folder / "profiles.yml", json.dumps(profile, indent=2).encode(), durable=False)


def _check(outcome: dbtRunnerResult) -> None:
    """Raise `ModelError` with the first failure: which model, and what the warehouse said of it."""
    if outcome.exception is not None:
        raise ModelError(f"dbt: {_one_line(str(outcome.exception))}") from outcome.exception
    results: Sequence[Any] = getattr(outcome.result, "results", ())
    for result in results:
        if str(result.status) in _FAILED:
            raise ModelError(f"{result.node.name}: {_one_line(str(result.message))}")
    if not outcome.success:
        raise ModelError("dbt: the run did not succeed and does not say why")


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())[:500]
