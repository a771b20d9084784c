"""An event loop on virtual time: what would wait for sockets or threads happens at once, at the time it would take."""

import asyncio
import selectors
import socket
from collections.abc import Callable
from typing import Any

from simulation.clock import CLOCK
from simulation.machine import MACHINE, adopt
from simulation.network import Address, Network, address_of

MOST_PASSES_AT_ONCE = 1_000_000
"""A loop that goes on so long without time passing will do so for ever."""
_FINEST = 1e-7
"""Seconds: from 194 days on, asyncio's own 1e-9 added to a clock is lost in a float, and no timer would ever be due."""
_THREAD_SECONDS = 0.001
_MOST_ROUNDS = 100
_NOBODY_WAITS = "Future exception was never retrieved"
"""picows says so of a handshake that nobody waits for any more, because the recorder was stopped."""


class StuckError(AssertionError):
    """Nothing will ever happen again, or too much happens at one moment."""


class _Jump(selectors.SelectSelector):
    """Waits for nothing but the clock, and that not really."""

    def __init__(self) -> None:
        super().__init__()
        self._passes = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("nothing will ever happen again: no timer and nothing to do")
        self._passes = 0 if timeout > 0 else self._passes + 1
        if self._passes > MOST_PASSES_AT_ONCE:
            raise StuckError(f"time does not pass beyond {CLOCK.now} s")
        CLOCK.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer; connections are in memory; a thread's work is done at once, then takes its time."""

    def __init__(self, latency: Callable[[], float]) -> None:
        super().__init__(_Jump())
        self._clock_resolution = _FINEST
        self.network = Network(self, latency)
        self.faults: list[BaseException] = []
        self._connecting: dict[int, Address] = {}
        self.set_task_factory(adopt)
        self.set_exception_handler(self._keep)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return CLOCK.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Do a thread's work in this one, after a while; and answer a while later."""
        future: asyncio.Future[Any] = self.create_future()
        if (machine := MACHINE.get()) is not None:
            machine.threads += 1
        self.call_later(_takes(), self._work, future, func, *args)
        return future

    def _work(self, future: asyncio.Future[Any], func: Callable[..., Any], *args: Any) -> None:
        if (machine := MACHINE.get()) is not None:
            machine.threads -= 1
            if machine.is_dead:
                return
        try:
            result, failure = func(*args), None
        except Exception as error:  # noqa: BLE001 (handed on to who waits for the thread)
            result, failure = None, error
        self.call_later(_takes(), _answer, future, result, failure)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **given: Any) -> Any:
        """Connect in memory."""
        if (sock := given.get("sock")) is not None:
            return self.network.connect(protocol_factory, address_of(sock, self._connecting))
        await self.network.reach((host, port))
        return self.network.connect(protocol_factory, (host, port))

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Find out whether somebody listens; `create_connection` does the rest."""
        await self.network.reach(address)
        self._connecting[sock.fileno()] = address

    async def create_server(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        """Listen in memory."""
        return self.network.listen(protocol_factory, host, port or 0)

    def finish(self) -> None:
        """End whatever still runs, and close."""
        self.set_exception_handler(lambda loop, context: None)
        for _ in range(_MOST_ROUNDS):
            if not (tasks := asyncio.all_tasks(self)):
                break
            for task in tasks:
                task.cancel()
            self.run_until_complete(asyncio.wait(tasks, timeout=1.0))
        self.close()

    def _keep(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what nobody caught: a run with such a thing has failed."""
        if context.get("message") == _NOBODY_WAITS:
            return
        machine = MACHINE.get()
        if machine is None or not machine.is_dead:
            told = ", ".join(f"{name}: {value}" for name, value in context.items())
            self.faults.append(context.get("exception") or StuckError(told))


def _takes() -> float:
    machine = MACHINE.get()
    return machine.takes() if machine else _THREAD_SECONDS


def _answer(future: asyncio.Future[Any], result: Any, failure: Exception | None) -> None:
    if future.done():
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)
