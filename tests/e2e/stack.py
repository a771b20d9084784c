"""A whole Candlewick of real processes in a folder of its own, for tests that kill and restart them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from candlewick import config
from candlewick.config import Settings
from candlewick.errors import MartNotReadyError
from candlewick.mart.reader import Mart
from candlewick.process import heartbeat
from made import leash

DEADLINE_SECONDS = 60.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, deadline: float = DEADLINE_SECONDS) -> None:
    """Poll until `condition` holds; fail with `what` was waited for."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline:g} s in vain for {what}")
        time.sleep(0.05)


async def until(condition: Callable[[], bool], what: str, deadline: float = DEADLINE_SECONDS) -> None:
    """Poll as `wait_until` does, in a running event loop."""
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline:g} s in vain for {what}")
        await asyncio.sleep(0.05)


@dataclass
class Stack:
    """Processes by name, their settings, and what they have published."""

    home: Path
    symbols: tuple[str, ...] = ("BTCUSDT",)
    prefix: str = "demo"
    timezone: str = "UTC"
    history: str = "6h"
    flush_seconds: float = 0.3
    cycle_seconds: float = 0.3
    exchange_port: int = field(default_factory=free_port)
    feed_port: int = field(default_factory=free_port)
    dashboard_port: int = field(default_factory=free_port)
    python: str | Path = sys.executable
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def config_path(self) -> Path:
        return self.home / "candlewick.toml"

    @property
    def settings(self) -> Settings:
        return config.load(self.config_path)

    def write_config(self) -> "Stack":
        """Write the settings that every process of this stack reads."""
        self.home.mkdir(parents=True, exist_ok=True)
        symbols = ", ".join(f'"{symbol}"' for symbol in self.symbols)
        self.config_path.write_text(
            f'symbols = [{symbols}]\ndata = "."\nprefix = "{self.prefix}"\ntimezone = "{self.timezone}"\n'
            f'history = "{self.history}"\nflush_seconds = {self.flush_seconds}\n'
            f'[exchange]\nstreams = ["ws://127.0.0.1:{self.exchange_port}"]\n'
            f'rest = ["http://127.0.0.1:{self.exchange_port}"]\narchive = "http://127.0.0.1:{self.exchange_port}"\n'
            f"[feed]\nport = {self.feed_port}\n[duckdb]\ncycle_seconds = {self.cycle_seconds}\n"
            f"[dashboard]\nport = {self.dashboard_port}\n"
        )
        return self

    def start(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start `candlewick <arguments>` as `name`, to end with this process; its output goes to `<name>.log`."""
        log = (self.home / f"{name}.log").open("ab")
        command = [str(self.python), "-m", "candlewick", *arguments]
        self.processes[name] = leash.start(command, stdout=log, stderr=log, cwd=self.home)
        log.close()
        return self.processes[name]

    def start_exchange(self, *arguments: str) -> None:
        """Start the local exchange and wait until it listens."""
        self.start("exchange", "exchange", "--port", str(self.exchange_port), *arguments)
        wait_until(self._exchange_listens, "the exchange to listen")

    def start_recorder(self) -> None:
        self.start("recorder", "record", "--config", str(self.config_path))

    def start_warehouse(self) -> None:
        self.start("warehouse", "warehouse", "--config", str(self.config_path))

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send one process a signal and return its exit code."""
        process = self.processes.pop(name)
        process.send_signal(number)
        return process.wait(DEADLINE_SECONDS)

    def stop(self) -> None:
        """End every process of this stack, readers first."""
        for name in reversed(list(self.processes)):
            process = self.processes.pop(name)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def beat(self, name: str) -> dict[str, Any]:
        """The last heartbeat of a process, empty where there is none."""
        return heartbeat.read(self.settings.run_path, name) or {}

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Query the mart as `candlewick sql` does; no rows before the first publication."""
        try:
            with Mart(self.settings.mart_path).connect() as connection:
                return connection.execute(statement).fetchall()
        except MartNotReadyError:
            return []

    def trades(self) -> int:
        """How many trades SILVER holds, as published."""
        rows = self.rows("select count(*) from silver.trades_deduped")
        return int(str(rows[0][0])) if rows else 0

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def _exchange_listens(self) -> bool:
        if (code := self.processes["exchange"].poll()) is not None:
            raise AssertionError(f"the exchange ended with {code}: {self.log('exchange')[-500:]}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.exchange_port)) == 0


def run_cli(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run one `candlewick` command to its end."""
    command = [sys.executable, "-m", "candlewick", *arguments]
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=90, env=os.environ | environment, check=False
    )
