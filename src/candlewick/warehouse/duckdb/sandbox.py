"""The engine of SQL for visitors over the mart: statements run in a process of their own, which is killed in time.

DuckDB's planner obeys neither its memory limit nor an interrupt, parsing holds Python's lock, and a fault in its code
would end whoever called it: so none of it happens in the process that serves the charts. See `sandboxed.py`.
"""

import threading

import pyarrow as pa

from candlewick.errors import QueryRefusedError
from candlewick.mart.reader import Mart
from candlewick.warehouse.duckdb.sandbox_process import SandboxProcess
from candlewick.warehouse.duckdb.sandboxed import Question
from candlewick.warehouse.rows import WHOLE, Limits

SECONDS = 10.0


class Sandbox:
    """Runs statements over the newest version of a mart, one process for each, one kept warm.

    Satisfies `contract.Engine`.
    """

    def __init__(self, mart: Mart, *, seconds: float = SECONDS) -> None:
        self._mart = mart
        self.seconds = seconds
        self._lock = threading.Lock()
        self._spare: SandboxProcess | None = None
        self._is_closed = False

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where there is nothing to run; the rest is checked where it is parsed."""
        if not statement.strip():
            raise QueryRefusedError("expected one statement, got 0")

    def first_rows(self, statement: str, limits: Limits = WHOLE) -> tuple[pa.Table, bool]:
        """Run a statement. Raises `QueryRefusedError`, and `MartNotReadyError`."""
        tables = {
            name: [str(self._mart.path.absolute() / file.name) for file in table.files]
            for name, table in self._mart.current().tables.items()
        }
        process = self._take()
        try:
            return process.ask(Question(statement, limits, self.seconds, tables))
        except QueryRefusedError as error:
            # Where the mart lies on this machine is nobody's business who sits at another.
            raise QueryRefusedError(str(error).replace(str(self._mart.path.absolute()), "the mart")) from None
        finally:
            self._give_back(process)

    def close(self) -> None:
        """End the process that is kept warm; one that runs a statement ends with it."""
        with self._lock:
            self._is_closed = True
            spare, self._spare = self._spare, None
        if spare is not None:
            spare.kill()

    def _take(self) -> SandboxProcess:
        with self._lock:
            spare, self._spare = self._spare, None
        return spare if spare is not None and spare.is_alive() else SandboxProcess()

    def _give_back(self, process: SandboxProcess) -> None:
        """Keep one process warm, a new one where this one was killed."""
        with self._lock:
            if self._spare is None and not self._is_closed:
                self._spare = process if process.is_alive() else SandboxProcess()
                if self._spare is process:
                    return
        if process.is_alive():
            process.kill()
