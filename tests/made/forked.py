"""Processes forked from one that has imported Candlewick and parsed its models.

That this is paid once, and not with every start, is the only difference to a process that starts from nothing.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from made import leash

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["made.forebear"])
_TESTS = str(Path(__file__).parents[1])


def process(run: Callable[..., None], *arguments: Any, name: str | None = None) -> BaseProcess:
    """Return a process that is to run a function, and that ends when this one does."""
    with _found_by_the_server():
        forkserver.ensure_running()
    return CONTEXT.Process(target=_leashed, args=(run, arguments), name=name, daemon=True)


@contextmanager
def _found_by_the_server() -> Iterator[None]:
    """Let a server that is started now find the tests' modules, which pytest's settings put on this process's path."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([_TESTS, *([before] if before else [])])
    try:
        yield
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before


def _leashed(run: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    leash.end_with_parent()
    run(*arguments)
