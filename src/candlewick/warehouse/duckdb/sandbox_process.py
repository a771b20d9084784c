"""One process that runs statements, seen from outside: it is started and asked, and killed if it should not answer."""

import os
import select
import signal
import subprocess
import sys
import threading
import time

import msgspec
import pyarrow as pa

from candlewick.errors import QueryRefusedError
from candlewick.warehouse.duckdb.sandbox_mother import ANSWER, CUT_ANSWER, HEADER, LATE, READY, REFUSAL
from candlewick.warehouse.duckdb.sandboxed import TOO_LARGE, Question

START_SECONDS = 60.0
GRACE_SECONDS = 5.0
"""So long after its limit the process has to have ended a statement. It does so at once, but for a machine so busy that
it is not its turn; to start another one would take longer still there."""
_PASSED_ON = ("LD_LIBRARY_PATH", "PYTHONPATH")
_ENVIRONMENT = {
    # Each thread's own arena would reserve 64 MB of the address space, which is what is limited.
    "MALLOC_ARENA_MAX": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # a process that forks has one thread
}
_READ_BYTES = 2**20
_SLACK = 2**20
"""What an answer may be larger than its columns: names, types, padding."""


class SandboxProcess:
    """Runs one statement at a time, each in a child of its own; what becomes of that one does not end this one."""

    def __init__(self) -> None:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "candlewick.warehouse.duckdb.sandbox_mother"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT | passed_on,
            cwd="/",
            start_new_session=True,  # a Ctrl-C in the terminal is for its parent, which then lets go of it
        )
        self._is_ready = self._is_killed = False

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return not self._is_killed and self._process.poll() is None

    def ask(self, question: Question) -> tuple[pa.Table, bool]:
        """Return the first rows of a statement, and whether there are more. Raises `QueryRefusedError`.

        The time runs from when the process is ready. It ends the statement in time itself; where it does not, it is
        killed with it.
        """
        try:
            return self._asked(question)
        except QueryRefusedError:
            raise
        except BaseException as error:
            self.kill()
            if isinstance(error, TimeoutError):
                raise QueryRefusedError(LATE.replace("{seconds}", f"{question.seconds:g}")) from None
            if isinstance(error, BrokenPipeError):
                raise QueryRefusedError(TOO_LARGE) from None
            raise

    def _asked(self, question: Question) -> tuple[pa.Table, bool]:
        if not self._is_ready:
            self._read(time.monotonic() + START_SECONDS, most=0)
            self._is_ready = True
        assert self._process.stdin is not None
        deadline = time.monotonic() + question.seconds + GRACE_SECONDS
        self._process.stdin.write(msgspec.json.encode(question) + b"\n")
        self._process.stdin.flush()
        kind, body = self._read(deadline, most=2 * question.limits.size + _SLACK)
        if kind == REFUSAL:
            raise QueryRefusedError(body.decode(errors="replace"))
        assert kind in {ANSWER, CUT_ANSWER}, kind
        with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
            return stream.read_all(), kind == CUT_ANSWER

    def kill(self) -> None:
        """End it with the statement that it runs, and let go of its pipes; who asked does not wait until it is gone."""
        if self.is_alive():
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._is_killed:
            return
        self._is_killed = True
        threading.Thread(target=self._process.wait, name="sandbox-end", daemon=True).start()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                continue  # a question that it never read

    def _read(self, deadline: float, *, most: int) -> tuple[int, bytearray]:
        """Read one message. Raises `TimeoutError` at the deadline, `BrokenPipeError` where the process ended."""
        kind, size = HEADER.unpack(self._bytes(HEADER.size, deadline))
        if size > most or kind not in {READY, ANSWER, CUT_ANSWER, REFUSAL}:
            raise BrokenPipeError(f"expected an answer of at most {most} bytes, got {size}")
        return kind, self._bytes(size, deadline)

    def _bytes(self, size: int, deadline: float) -> bytearray:
        assert self._process.stdout is not None
        answers = self._process.stdout.fileno()
        something = select.poll()
        something.register(answers, select.POLLIN)
        read = bytearray()
        while len(read) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not something.poll(left * 1_000):
                raise TimeoutError
            part = os.read(answers, min(size - len(read), _READ_BYTES))
            if not part:
                raise BrokenPipeError("it ended")
            read += part
        return read
