"""The models as dbt has them: its project, parsed in this process, and what it compiles to.

Nothing is written into the package or the working directory: profile and compiled SQL lie in a folder of ours.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from candlewick.errors import ModelError
from candlewick.process.files import replace_atomically
from candlewick.warehouse.compiled import Compiled, Program, without_database
from candlewick.warehouse.targets import Target

PROJECT = Path(__file__).parent.parent / "models"

_QUIET = ("--quiet", "--log-level=none", "--log-level-file=none", "--no-print", "--no-version-check")
_OFFLINE = ("--no-write-json", "--no-populate-cache", "--no-introspect")
_FAILED = ("error", "fail", "runtime error")
_parsed: dict[str, Manifest] = {}
"""The project as this process has parsed it, by all that goes into it."""


class Project:
    """The dbt project on one target. The caller asks one thing at a time."""

    def __init__(self, target: Target, folder: Path, *, timezone: str) -> None:
        """Parse the project for `target`, where this process has not yet; the profile is in `folder`.

        Raises `ModelError`.
        """
        folder = folder.absolute()  # dbt takes relative paths from the project's folder
        replace_atomically(folder / "profiles.yml", json.dumps(target.profile, indent=2).encode(), durable=False)
        self._adapter = str(target.output["type"])
        # A user's own DBT_* variables must not decide for us.
        self._arguments = (
            f"--target={target.name}",
            "--no-send-anonymous-usage-stats",
            *_QUIET,
            f"--project-dir={PROJECT}",
            f"--profiles-dir={folder}",
            f"--target-path={folder / 'target'}",
            f"--log-path={folder / 'logs'}",
        )
        self._variables = {"timezone": timezone}
        database = Path(str(target.output.get("path", ""))).stem
        self._key = json.dumps([target.name, {**target.output, "path": database}, timezone], sort_keys=True)
        self.manifest = self._parsed()
        self._dbt = dbtRunner(manifest=self.manifest)

    def compiled(self) -> Program:
        """Return the models as a warehouse's owner runs them; the target is not asked for it. Raises `ModelError`."""
        nodes = [result.node for result in self._compile("--select=resource_type:model", "--indirect-selection=empty")]
        models = [Compiled.of(node) for node in nodes]
        cut = self._inline("quote_quantities_cut")
        if self._adapter != "duckdb":
            return Program(models, cut_quote_quantities=cut)
        copies, sealed = (self._inline(macro) for macro in ("copies_of_a_load", "copies_of_sealed_trades"))
        return Program([each for each in models if not each.is_view], copies, sealed, cut)

    def close(self) -> None:
        """Let go of the warehouse: dbt holds it open between runs."""
        if self._adapter == "duckdb":
            from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415

            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def invoke(self, command: str, *arguments: str, **variables: object) -> dbtRunnerResult:
        """Let dbt do what one of its commands does (`docs generate`). Raises `ModelError` with the first failure."""
        outcome = self._dbt.invoke([*command.split(), *self._arguments, self._vars(**variables), *arguments])
        _check(outcome)
        return outcome

    def _parsed(self) -> Manifest:
        """The parsed project; parsed once in a process for targets that differ in their file's folder only."""
        if self._key not in _parsed:
            parsed = dbtRunner().invoke(["parse", *self._arguments, self._vars()])
            _check(parsed)
            assert isinstance(parsed.result, Manifest)
            _parsed[self._key] = parsed.result
        return _parsed[self._key]

    def _compile(self, *arguments: str) -> Sequence[Any]:
        outcome = self.invoke("compile", *_OFFLINE, *arguments, live=True)
        results: Sequence[Any] = getattr(outcome.result, "results", ())
        return results

    def _inline(self, macro: str) -> str:
        [compiled] = self._compile("--inline", f"{{{{ {macro}() }}}}")
        return without_database(compiled.node.compiled_code, compiled.node.database)

    def _vars(self, **more: object) -> str:
        return f"--vars={json.dumps(self._variables | more)}"


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
