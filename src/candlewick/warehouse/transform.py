"""Runs the models: dbt in this process, its project parsed once and reused.

A run of the command line costs three seconds before its first statement; a run in here costs a third of one in all.
Nothing is written into the package or the working directory: profile and compiled SQL lie in a folder of ours.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import EventMsg

from candlewick.errors import ModelError
from candlewick.process.crashpoint import crashpoint, is_armed
from candlewick.process.files import replace_atomically
from candlewick.warehouse.compiled import LONG, Compiled, Program, without_database
from candlewick.warehouse.targets import Target

PROJECT = Path(__file__).parent.parent / "models"

_QUIET = ("--quiet", "--log-level=none", "--log-level-file=none", "--no-print", "--no-version-check")
_QUICK = ("--no-write-json", "--no-populate-cache")
_OFFLINE = (*_QUICK, "--no-introspect")
_FAILED = ("error", "fail", "runtime error")
_parsed: dict[str, Manifest] = {}
"""The project as this process has parsed it, by all that goes into it."""


class Models:
    """The dbt project on one target. The caller runs one thing at a time, and has the target to itself."""

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
        self._has_views = False  # made once: they stay as they are
        self._dbt = dbtRunner(manifest=self._manifest(), callbacks=[_pass_between_models] if is_armed() else [])

    def run(self, *, with_audit: bool = True, with_long: bool = True) -> None:
        """Run the models on what is new. Raises `ModelError`.

        Some can be left out, and catch up when they are run again: those of the audit, for which no chart waits, and
        those that a moment does not change much (`LONG`). The audit looks at them, so it is not run without them.
        """
        left_out = [
            *(() if with_audit else ("tag:audit",)),
            *(() if with_long else LONG),
            *(("config.materialized:view",) if self._has_views else ()),
        ]
        self._invoke("run", *(f"--exclude={selection}" for selection in left_out))
        self._has_views = True

    def make_anew(self, *models: str) -> None:
        """Make tables of GOLD anew from SILVER, all of them where none is named. Raises `ModelError`."""
        if not models:
            self._invoke("run-operation", "cut_quote_quantities")
        self._invoke("run", "--full-refresh", *(("--select", *models) if models else ()))

    def build(self, *models: str) -> None:
        """Run models, their data tests and their unit tests; all of them where none is named.

        Raises `ModelError` for the first that fails.
        """
        self._invoke("build", *(("--select", *models) if models else ()))
        self._has_views = self._has_views or not models

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

    def _manifest(self) -> Manifest:
        """The parsed project; parsed once in a process for targets that differ in their file's folder only."""
        if self._key not in _parsed:
            parsed = dbtRunner().invoke(["parse", *self._arguments, self._vars()])
            _check(parsed)
            assert isinstance(parsed.result, Manifest)
            _parsed[self._key] = parsed.result
        return _parsed[self._key]

    def _invoke(self, command: str, *arguments: str) -> None:
        _check(self._dbt.invoke([command, *self._arguments, self._vars(), *_QUICK, *arguments]))

    def _compile(self, *arguments: str) -> Sequence[Any]:
        outcome = self._dbt.invoke(["compile", *self._arguments, self._vars(live=True), *_OFFLINE, *arguments])
        _check(outcome)
        results: Sequence[Any] = getattr(outcome.result, "results", ())
        return results

    def _inline(self, macro: str) -> str:
        [compiled] = self._compile("--inline", f"{{{{ {macro}() }}}}")
        return without_database(compiled.node.compiled_code, compiled.node.database)

    def _vars(self, **more: object) -> str:
        return f"--vars={json.dumps(self._variables | more)}"


def _pass_between_models(event: EventMsg) -> None:
    if event.info.name == "NodeFinished":
        crashpoint("mid-dbt")


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
