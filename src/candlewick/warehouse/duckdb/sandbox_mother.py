"""The process that stays warm and forks one for each statement: `python -m candlewick.warehouse.duckdb.sandbox_mother`.

It is asked on standard input and answers on standard output; see `sandbox_process.py` for the other end. Loading what a
statement needs takes a second of a core; a fork takes milliseconds, so that a statement that had to be killed costs the
next one nothing. No statement runs in this process, which is why it is there to end them to the moment, and every
statement finds a memory in which no other one has been.
"""

import os
import select
import signal
import struct
import sys
import time

import msgspec

from candlewick.warehouse.duckdb.sandboxed import TOO_LARGE, Question, answer, warm_up

HEADER = struct.Struct(">BQ")
READY, ANSWER, CUT_ANSWER, REFUSAL = range(4)
LATE = "stopped after {seconds} s; ask for less"
_PART = 2**16
_BURY_SECONDS = 0.2


def main() -> None:
    """Answer questions until standard input ends."""
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not look like an answer
    warm_up()
    _send(answers, READY, b"")
    while question := _next_question():
        _serve(msgspec.json.decode(question, type=Question), answers)


def _next_question() -> bytes:
    """Wait for a line, nothing at the end of the input; meanwhile children that have ended are let go of.

    On a busy machine one that was killed takes seconds to give its memory back, for which no answer waits.
    """
    while _bury() and not select.select([sys.stdin], [], [], _BURY_SECONDS)[0]:
        continue
    return sys.stdin.buffer.readline()


def _serve(question: Question, answers: int) -> None:
    """Fork, pass on what the child says, and tell why where it says nothing. The child is as good as gone after it."""
    deadline = time.monotonic() + question.seconds
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answers)
        _answer_and_end(question, writing)
    os.close(writing)
    try:
        refusal = _pass_on(reading, answers, deadline)
    finally:
        os.kill(child, signal.SIGKILL)
    if refusal is not None:
        _send(answers, REFUSAL, refusal.replace("{seconds}", f"{question.seconds:g}").encode())
    os.close(reading)


def _bury() -> bool:
    """Let go of the children that have ended; whether any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return False
    return True


def _answer_and_end(question: Question, writing: int) -> None:
    """What the child does."""
    try:
        is_cut, body = answer(question)
        _send(writing, REFUSAL if is_cut is None else CUT_ANSWER if is_cut else ANSWER, body)
    finally:
        os._exit(0)


def _pass_on(reading: int, answers: int, deadline: float) -> str | None:
    """Pass an answer on as it comes; return why there is none.

    One that ends in the middle ends this process, too: whoever asked could not tell the rest from the next answer.
    """
    try:
        header = _read(reading, HEADER.size, deadline)
    except TimeoutError:
        return LATE
    except EOFError:
        return TOO_LARGE
    left = HEADER.unpack(header)[1]
    _write(answers, header)
    while left:
        part = _read(reading, min(left, _PART), deadline)
        _write(answers, part)
        left -= len(part)
    return None


def _read(reading: int, size: int, deadline: float) -> bytes:
    """Read so many bytes. Raises `TimeoutError` at the deadline, `EOFError` where there are no more."""
    something = select.poll()
    something.register(reading, select.POLLIN)
    read = b""
    while len(read) < size:
        left = deadline - time.monotonic()
        if left <= 0 or not something.poll(left * 1_000):
            raise TimeoutError
        part = os.read(reading, size - len(read))
        if not part:
            raise EOFError
        read += part
    return read


def _send(to: int, kind: int, body: bytes | memoryview) -> None:
    _write(to, HEADER.pack(kind, len(body)))
    _write(to, body)


def _write(to: int, content: bytes | memoryview) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(to, left) :]


if __name__ == "__main__":
    main()
