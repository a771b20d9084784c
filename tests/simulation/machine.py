"""Whose code is running: the exchange's, or that of one of the recorder's machines, each with a clock of its own."""

import asyncio
import random
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

LATENCY = 0.005
"""Seconds that a step of a thread's work takes in the mean: a put, a save."""


class Severable(Protocol):
    """An end of a connection."""

    def sever(self) -> None:
        """End it at once, as the death of its process does."""


@dataclass(eq=False)
class Machine:
    """A process and the machine under it.

    `ahead` is how far its wall clock is ahead of the truth (seconds); `rng` says how long its disk and its lake take,
    about `latency` seconds. What a dead machine would still do to a disk or a lake does not happen. `threads` are at
    work: a process that is stopped waits for them.
    """

    rng: random.Random
    ahead: float = 0.0
    latency: float = LATENCY
    is_dead: bool = False
    threads: int = 0
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    ends: set[Severable] = field(default_factory=set)

    def takes(self) -> float:
        """Return how long the next step of a piece of work takes, in seconds."""
        return self.rng.expovariate(1 / self.latency)

    async def kill(self) -> None:
        """End it now; return when nothing of it runs any more."""
        self.is_dead = True
        for end in list(self.ends):
            end.sever()
        while self.tasks:
            for task in list(self.tasks):
                task.cancel()
            await asyncio.sleep(0.001)


MACHINE: ContextVar[Machine | None] = ContextVar("machine", default=None)


def adopt(loop: asyncio.AbstractEventLoop, coro: Any, **given: Any) -> asyncio.Task[Any]:
    """Make a task, and note it with the machine that makes it."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **given)
    if (machine := MACHINE.get()) is not None:
        machine.tasks.add(task)
        task.add_done_callback(machine.tasks.discard)
    return task
