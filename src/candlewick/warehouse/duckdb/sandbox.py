"""The engine of SQL for visitors over the mart: each statement runs in a process of its own, which is killed in time.

DuckDB's planner obeys neither its memory limit nor an interrupt, parsing holds Python's lock, and a fault in its code
would end whoever called it: so none of it happens in the process that serves the charts. See `sandbox_process.py`.
"""

import threading

import pyarrow as pa

from candlewick.errors import QueryRefusedError
from candlewick.mart.reader import Mart
from candlewick.warehouse.duckdb.sandbox_process import SandboxProcess
from candlewick.warehouse.duckdb.sandboxed import Question
from candlewick.warehouse.rows import WHOLE, Limits

SECONDS = 10.0
WARM = 2
"""As many as statements run at once: none waits until another process has loaded DuckDB."""


class Sandbox:
    """Runs statements over the newest version of a mart. Two processes are kept warm from the first statement on.

    Satisfies `contract.Engine`.
    """

    def __init__(self, mart: Mart, *, seconds: float = SECONDS) -> None:
        self._mart = mart
        self.seconds = seconds
        self._lock = threading.Lock()
        self._warm: list[SandboxProcess] = []
        self._busy = 0
        self._is_closed = False

    def check(self, statement: str) -> None:
        """Raise `QueryRefusedError` where there is nothing to run; the rest is checked where it is parsed."""
        if not statement.strip():
            raise QueryRefusedError("expected one statement, got 0")

    def prepare(self) -> None:
        """Nothing: who has no right to read the mart's files finds no dashboard either."""

    def first_rows(self, statement: str, limits: Limits = WHOLE, visitor: str = "") -> tuple[pa.Table, bool]:
        """Run a statement, whoever's it is. Raises `QueryRefusedError`, and `MartNotReadyError`."""
        del visitor
        tables = self._mart.current().tables
        process = self._take()
        try:
            return process.ask(Question(statement, limits, self.seconds, str(self._mart.path.absolute()), tables))
        except QueryRefusedError as error:
            # Where the mart lies on this machine is nobody's business who sits at another.
            raise QueryRefusedError(str(error).replace(str(self._mart.path.absolute()), "the mart")) from None
        finally:
            self._give_back(process)

    def close(self) -> None:
        """End the processes that are kept warm; one that runs a statement ends with it."""
        with self._lock:
            self._is_closed = True
            warm, self._warm = self._warm, []
        for process in warm:
            process.kill()

    def _take(self) -> SandboxProcess:
        with self._lock:
            alive = [process for process in self._warm if process.is_alive()]
            taken = alive.pop(0) if alive else SandboxProcess()
            self._busy += 1
            self._warm = alive + [SandboxProcess() for _ in range(WARM - self._busy - len(alive))]
        return taken

    def _give_back(self, process: SandboxProcess) -> None:
        with self._lock:
            self._busy -= 1
            if process.is_alive() and not self._is_closed:
                self._warm.insert(0, process)
                return
        process.kill()
