"""`candlewick up`: the recorder, the warehouse and the dashboard under one roof.

Children are ordinary `candlewick` commands in sessions of their own, so that one Ctrl-C reaches only the
supervisor, which stops them in order: readers first, the recorder before the exchange it listens to. A child
that dies or hangs is started again with back-off. What must not stop is the recorder: a warehouse or a dashboard that
cannot start is tried again while it records, with its own line on the terminal; only a recorder (or the demo's
exchange) that gives up before it was ever healthy ends everything.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
import webbrowser
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from candlewick.config import Settings
from candlewick.process.keyfile import key_in
from candlewick.supervisor import demo
from candlewick.supervisor.child import Child, ChildFailedError
from candlewick.supervisor.past import candles_of_the_past
from candlewick.supervisor.progress import NAMED_AT_MOST, Progress
from candlewick.supervisor.terminal import Terminal

POLL_SECONDS = 0.2
VITAL = frozenset({"exchange", "recorder"})
STOP_ORDER = (("dashboard", "warehouse"), ("recorder",), ("exchange",))


def export_flags(*, symbols: list[str] | None, history: str | None, port: int | None, insecure: bool = False) -> None:
    """Hand the flags of `up` to every child, as the variables that override the file."""
    given = {
        "CANDLEWICK_SYMBOLS": msgspec.json.encode(symbols).decode() if symbols else None,
        "CANDLEWICK_HISTORY": history,
        "CANDLEWICK_DASHBOARD__PORT": str(port) if port is not None else None,
        "CANDLEWICK_DASHBOARD__INSECURE": "true" if insecure else None,
    }
    os.environ.update({name: value for name, value in given.items() if value is not None})


class Supervisor:
    """Starts the children in order, keeps them running, stops them in order."""

    def __init__(self, children: Iterable[Child], console: Console) -> None:
        self.children = list(children)
        self.terminal = Terminal(console)
        self.say = self.terminal.say
        self.stopping = asyncio.Event()

    async def run(self, watch: Progress) -> None:
        """Run until asked to stop; raises `ChildFailedError` where a child never got healthy."""
        work = asyncio.create_task(self._run(watch), name="supervisor")
        stop = asyncio.create_task(self.stopping.wait(), name="stop")
        try:
            await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        except* ChildFailedError as failures:
            raise failures.exceptions[0] from None
        finally:
            for task in (work, stop):
                task.cancel()
            await asyncio.gather(work, stop, return_exceptions=True)
            await self._stop_all()

    async def _run(self, watch: Progress) -> None:
        for child in self.children:
            await child.start()
            if child.is_needed:
                await self._until_healthy(child)
        async with asyncio.TaskGroup() as group:
            for child in self.children:
                group.create_task(self._keep(child))
            group.create_task(watch.run(self.terminal))

    async def _until_healthy(self, child: Child) -> None:
        while not child.is_healthy():
            if child.exit_code is not None:
                raise ChildFailedError(child.last_line(), child.exit_code)
            await asyncio.sleep(POLL_SECONDS)
        child.was_healthy = True

    async def _keep(self, child: Child) -> None:
        while True:
            await self._watch_one(child)
            code = child.exit_code or 0
            if code > 0 and child.is_vital and not child.was_healthy:
                raise ChildFailedError(child.last_line(), code)
            wait = child.restarts.wait_after(time.monotonic() - child.started)
            self._tell_of_end(child, code, wait)
            await asyncio.sleep(wait)
            await child.start()

    def _tell_of_end(self, child: Child, code: int, wait: float) -> None:
        """One line; a child that fails at every start for the same reason is told of once."""
        reason = f"signal {-code}" if code < 0 else f"exit code {code}: {child.last_line()[:200]}"
        if reason == child.trouble:
            return
        child.trouble = reason
        if child.was_healthy or code <= 0:
            self.say(f"[yellow]{child.name} ended[/] ({escape(reason)}); starting it again in {wait:g} s")
        else:
            self.say(f"[yellow]{child.name} cannot start[/]: {escape(child.last_line())}")
            self.say(f"Recording goes on; the {child.name} is tried again every {child.restarts.cap:g} s.")

    def _note_health(self, child: Child) -> None:
        if not child.is_healthy():
            return
        child.was_healthy = True
        if child.trouble is not None:
            child.trouble = None
            self.say(f"{child.name} runs.")

    async def _watch_one(self, child: Child) -> None:
        """Return when the process has ended; end one that has stalled, and keep its log in bounds."""
        assert child.process is not None
        while child.exit_code is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(child.process.wait()), 1.0)
            self._note_health(child)
            child.rotate_log()
            if child.is_stalled():
                self.say(f"[yellow]{child.name} gave no sign of life for {child.stall_seconds:g} s[/]; ending it")
                await child.stop()

    async def _stop_all(self) -> None:
        self.say("Stopping ...")
        for names in STOP_ORDER:
            await asyncio.gather(*(child.stop() for child in self.children if child.name in names))
        self.say("Stopped. Nothing recorded is lost; `candlewick up` goes on where this ended.")


def run(settings: Settings, config_path: Path | None, *, demo: bool, browser: bool, console: Console) -> None:
    """Run everything until SIGINT or SIGTERM, with `demo` on a local exchange of its own."""
    children = list(_children(settings, config_path, is_demo=demo))
    with candles_of_the_past(settings, config_path):
        asyncio.run(_run(settings, children, browser=browser, console=console))


async def _run(settings: Settings, children: list[Child], *, browser: bool, console: Console) -> None:
    supervisor = Supervisor(children, console)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stopping.set)
    url = dashboard_link(settings)
    console.print(
        f"\n  [bold]Candlewick[/] records {_some(settings.symbols)} into {settings.lake_url}\n"
        f"  Dashboard  [bold cyan]{url}[/]\n"
        f"  Logs       {settings.log_path}\n"
        f"  Stop       Ctrl-C\n",
        soft_wrap=True,
    )
    open_browser = webbrowser.open if browser and sys.stdout.isatty() else None
    await supervisor.run(Progress(settings, url, open_browser))


def dashboard_link(settings: Settings) -> str:
    """Return the address of the dashboard, with the token where it asks for one."""
    url = f"http://{settings.dashboard.host}:{settings.dashboard.port}{settings.dashboard.path}"
    return f"{url}/login?token={key_in(settings.token_path)}" if settings.dashboard.auth == "token" else url


def _some(symbols: Sequence[str]) -> str:
    more = f" and {len(symbols) - NAMED_AT_MOST} more" if len(symbols) > NAMED_AT_MOST else ""
    return ", ".join(symbols[:NAMED_AT_MOST]) + more


def _children(settings: Settings, config_path: Path | None, *, is_demo: bool) -> Iterable[Child]:
    config = ("--config", str(config_path)) if config_path else ()
    commands: dict[str, tuple[str, ...]] = {
        "recorder": ("record", *config),
        "warehouse": ("warehouse", *config),
        "dashboard": ("dashboard", *config),
    }
    if is_demo:
        commands = {"exchange": _exchange_command(settings)} | commands
    for name, arguments in commands.items():
        log_file = settings.log_path / f"{name}.log"
        is_needed, is_vital = name == "exchange", name in VITAL
        yield Child(name, arguments, log_file, settings.run_path, is_needed=is_needed, is_vital=is_vital)


def _exchange_command(settings: Settings) -> tuple[str, ...]:
    port = settings.exchange.rest[0].rpartition(":")[2]
    run_path = str(settings.run_path.resolve())
    return ("exchange", "--port", port, "--weight-limit", str(demo.WEIGHT_LIMIT), "--run-path", run_path)
