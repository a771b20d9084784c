"""`candlewick up`: the recorder, the warehouse and the dashboard under one roof.

Children are ordinary `candlewick` commands in sessions of their own, so that one Ctrl-C reaches only the
supervisor, which stops them in order: readers first, the recorder before the exchange it listens to. A child
that dies is started again with back-off; one that gives up before it was ever healthy ends everything, with its own
line on the terminal.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
import webbrowser
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec
from rich.console import Console
from rich.markup import escape

from candlewick import heartbeat, supervised
from candlewick.config import DEMO_HOME, Settings
from candlewick.errors import CandlewickError
from candlewick.restarts import Restarts
from candlewick.watch import Watch

STOP_GRACE_SECONDS = 15.0
STALL_SECONDS = 60.0
POLL_SECONDS = 0.2
LOG_LIMIT_BYTES = 20_000_000
DEMO_SYMBOLS = ("BTCDEMO", "ETHDEMO", "SOLDEMO")
DEMO_WEIGHT_LIMIT = 240_000

_DEMO_CONFIG = """\
# Written by `candlewick up --demo`; edit it and it is kept as you leave it.
symbols = {symbols}
data = "."
prefix = "demo"
history = "6h"

[exchange]
streams = ["ws://127.0.0.1:{exchange}", "ws://localhost:{exchange}"]
rest = ["http://127.0.0.1:{exchange}"]
archive = "http://127.0.0.1:{exchange}"

[feed]
port = {feed}
"""


def write_demo_config(path: Path) -> Path:
    """Write the demo's settings where there are none yet, with ports that are free now."""
    if not path.exists():
        DEMO_HOME.mkdir(exist_ok=True)
        ports = {"exchange": _free_port(9443), "feed": _free_port(8765)}
        path.write_text(_DEMO_CONFIG.format(symbols=msgspec.json.encode(DEMO_SYMBOLS).decode(), **ports))
    return path


def export_flags(*, symbols: list[str] | None, history: str | None, port: int | None) -> None:
    """Hand the flags of `up` to every child, as the variables that override the file."""
    given = {
        "CANDLEWICK_SYMBOLS": msgspec.json.encode(symbols).decode() if symbols else None,
        "CANDLEWICK_HISTORY": history,
        "CANDLEWICK_DASHBOARD__PORT": str(port) if port is not None else None,
    }
    os.environ.update({name: value for name, value in given.items() if value is not None})


class ChildFailedError(CandlewickError):
    """A child ended before it was ever healthy; carries its own last line and exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


@dataclass
class Child:
    """One process: its command, its log, its heartbeat, its restarts."""

    name: str
    arguments: tuple[str, ...]
    log_file: Path
    run_path: Path
    port: int | None = None
    restarts: Restarts = field(default_factory=Restarts)
    process: asyncio.subprocess.Process | None = None
    started: float = 0.0
    was_healthy: bool = False
    _log: IO[bytes] | None = None

    async def start(self) -> None:
        """Start the process in a session of its own, its output appended to its log."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_LIMIT_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        self._log = self.log_file.open("ab")
        self.started = time.monotonic()
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "candlewick",
            *self.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            env=os.environ | {supervised.VARIABLE: "1"},
        )

    def beat(self) -> dict[str, object] | None:
        """The last heartbeat of this very process, or None."""
        beat = heartbeat.read(self.run_path, self.name)
        return beat if beat and self.process and beat["pid"] == self.process.pid else None

    async def is_healthy(self) -> bool:
        """Whether the process says that its start is behind it or, where it has a port of its own, listens there."""
        if self.port is None:
            beat = self.beat()
            return beat is not None and beat.get("state") != "starting"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    def is_stalled(self) -> bool:
        """Whether the process runs but has not beaten for `STALL_SECONDS`."""
        beat = self.beat()
        return beat is not None and heartbeat.now_us() - int(str(beat["beat_at"])) > STALL_SECONDS * 1_000_000

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that has not ended `STOP_GRACE_SECONDS` later."""
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_GRACE_SECONDS)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self._log:
            self._log.close()

    def last_line(self) -> str:
        """The last line of the log: for a mistake of the user's, the whole story."""
        lines = self.log_file.read_bytes().splitlines() or [b""]
        return lines[-1].decode(errors="replace").removeprefix("error ").strip()


class Supervisor:
    """Starts the children in order, keeps them running, stops them in order."""

    def __init__(self, children: Iterable[Child], console: Console) -> None:
        self.children = list(children)
        self.console = console
        self.stopping = asyncio.Event()

    def say(self, text: str) -> None:
        """Print one line with the time."""
        self.console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {text}", highlight=False, soft_wrap=True)

    async def run(self, watch: Watch) -> None:
        """Run until asked to stop; raises `ChildFailedError` where a child never got healthy."""
        try:
            for child in self.children:
                await child.start()
                if child.port is not None:
                    await self._until_healthy(child)
            async with asyncio.TaskGroup() as group:
                keepers = [group.create_task(self._keep(child)) for child in self.children]
                watcher = group.create_task(watch.run(self.say))
                await self.stopping.wait()
                for task in (*keepers, watcher):
                    task.cancel()
        except* ChildFailedError as failures:
            raise failures.exceptions[0] from None
        finally:
            await self._stop_all()

    async def _until_healthy(self, child: Child) -> None:
        while not await child.is_healthy():
            if child.process and child.process.returncode is not None:
                raise ChildFailedError(child.last_line(), child.process.returncode)
            await asyncio.sleep(POLL_SECONDS)
        child.was_healthy = True

    async def _keep(self, child: Child) -> None:
        while True:
            await self._watch_one(child)
            assert child.process is not None
            code = child.process.returncode or 0
            if code > 0 and not child.was_healthy:
                raise ChildFailedError(child.last_line(), code)
            wait = child.restarts.wait_after(time.monotonic() - child.started)
            reason = f"signal {-code}" if code < 0 else f"exit code {code}: {escape(child.last_line()[:160])}"
            self.say(f"[yellow]{child.name} ended[/] ({reason}); starting it again in {wait:g} s")
            await asyncio.sleep(wait)
            await child.start()

    async def _watch_one(self, child: Child) -> None:
        """Return when the process has ended; end one that has stalled."""
        assert child.process is not None
        while child.process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(child.process.wait()), 1.0)
            child.was_healthy = child.was_healthy or await child.is_healthy()
            if child.is_stalled():
                self.say(f"[yellow]{child.name} gave no sign of life for {STALL_SECONDS:g} s[/]; ending it")
                await child.stop()

    async def _stop_all(self) -> None:
        self.say("Stopping ...")
        for child in reversed(self.children):
            await child.stop()
        self.say("Stopped. Nothing recorded is lost; `candlewick up` goes on where this ended.")


def run(settings: Settings, config_path: Path | None, *, demo: bool, browser: bool, console: Console) -> None:
    """Run everything until SIGINT or SIGTERM."""
    children = list(_children(settings, config_path, demo=demo))
    asyncio.run(_run(settings, children, browser=browser, console=console))


async def _run(settings: Settings, children: list[Child], *, browser: bool, console: Console) -> None:
    supervisor = Supervisor(children, console)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stopping.set)
    url = f"http://{settings.dashboard.host}:{settings.dashboard.port}"
    console.print(
        f"\n  [bold]Candlewick[/] records {', '.join(settings.symbols)} into {settings.lake_url}\n"
        f"  Dashboard  [bold cyan]{url}[/]\n"
        f"  Logs       {settings.log_path}\n"
        f"  Stop       Ctrl-C\n",
        soft_wrap=True,
    )
    open_browser = webbrowser.open if browser and sys.stdout.isatty() else None
    await supervisor.run(Watch(settings, url, open_browser))


def _children(settings: Settings, config_path: Path | None, *, demo: bool) -> Iterable[Child]:
    config = ("--config", str(config_path)) if config_path else ()
    commands: dict[str, tuple[str, ...]] = {
        "recorder": ("record", *config),
        "warehouse": ("warehouse", *config),
        "dashboard": ("dashboard", *config),
    }
    if demo:
        port = int(settings.exchange.rest[0].rpartition(":")[2])
        options = ("exchange", "--port", str(port), "--weight-limit", str(DEMO_WEIGHT_LIMIT))
        yield Child("exchange", options, settings.log_path / "exchange.log", settings.run_path, port)
    for name, arguments in commands.items():
        yield Child(name, arguments, settings.log_path / f"{name}.log", settings.run_path)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise CandlewickError("no free port on 127.0.0.1")
