"""A short recording by the real commands, in a folder of its own, and its proof."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from candlewick.config import Settings
from candlewick.errors import CandlewickError
from candlewick.process import heartbeat
from candlewick.setup.checks.answers import Answer

HISTORY = "3m"
"""Filled by id before the recording began: the way over REST is tried as well."""
PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.2
SETTLING_SECONDS = 8.0
"""The exchange gives a minute's own candle some seconds after it is over."""


def trial(settings: Settings, seconds: float) -> Iterator[Answer]:
    """Record for some seconds, load, and audit; everything is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="candlewick-trial-") as folder:
        home = Path(folder)
        (home / "candlewick.toml").write_text(_config(settings), encoding="utf-8")
        try:
            yield _recorded(home, settings, seconds)
            yield _proved(home)
        except CandlewickError as error:
            yield Answer("trial", "wrong", str(error))


def _config(settings: Settings) -> str:
    """The same exchange and symbols; all else is the trial's own."""
    told = {"streams": settings.exchange.streams, "rest": settings.exchange.rest, "archive": settings.exchange.archive}
    told |= {"proxy": settings.exchange.proxy}
    exchange = "\n".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in told.items())
    symbols = json.dumps(settings.symbols, ensure_ascii=False)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return (
        f"symbols = {symbols}\ndata = '.'\nhistory = '{HISTORY}'\ntimezone = 'UTC'\n"
        f"prefix = {json.dumps(settings.prefix)}\n[exchange]\n{exchange}\n[feed]\nport = {port}\n"
    )


def _recorded(home: Path, settings: Settings, seconds: float) -> Answer:
    command = [sys.executable, "-m", "candlewick", "record", "-c", "candlewick.toml"]
    with (home / "recorder.log").open("wb") as log:
        recorder = subprocess.Popen(command, cwd=home, env=_environment(), stdout=log, stderr=log)
        _await_first_object(home, recorder)
        with suppress(subprocess.TimeoutExpired):
            recorder.wait(seconds + SETTLING_SECONDS)
        beat = heartbeat.read(home / "run", "recorder") or {}
        if recorder.poll() is None:
            recorder.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                recorder.wait(PATIENCE_SECONDS)
            recorder.kill()
            recorder.wait()
    if not beat.get("objects"):
        last = (home / "recorder.log").read_text(errors="replace").strip().rpartition("\n")[2]
        return Answer("trial: recorded", "wrong", f"nothing came into the lake; it said last: {last[:300]}")
    objects = list((home / "lake").rglob("*.json.zst"))
    size = sum(path.stat().st_size for path in objects)
    told = f"{len(objects):,} objects, {size / 1e3:,.0f} kB of {len(settings.symbols)} symbols in {seconds:.0f} s"
    return Answer("trial: recorded", "ok", told)


def _await_first_object(home: Path, recorder: "subprocess.Popen[bytes]") -> None:
    """Wait until it records, for as long as a busy machine takes: the seconds that were asked for count from then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while recorder.poll() is None and time.monotonic() < deadline:
        if (heartbeat.read(home / "run", "recorder") or {}).get("objects"):
            return
        time.sleep(_POLL_SECONDS)


def _proved(home: Path) -> Answer:
    loaded = _run(home, "warehouse", "--once")
    if loaded.returncode:
        return Answer("trial: proved", "unknown", _last_line(loaded.stderr))
    audit = _run(home, "audit", "--json")
    try:
        verdict: dict[str, Any] = json.loads(audit.stdout)
    except ValueError:
        return Answer("trial: proved", "wrong", _last_line(audit.stderr))
    symbols = verdict["symbols"].values()
    counted = {name: sum(symbol[name] for symbol in symbols) for name in ("match", "mismatch", "pending", "hole_ids")}
    told = (
        f"{counted['match']:,} candles are the exchange's own in nine fields, {counted['mismatch']:,} are not,"
        f" {counted['pending']:,} wait; {counted['hole_ids']:,} ids are missing"
    )
    if not verdict["is_good"]:
        return Answer("trial: proved", "wrong", told, "send us this report")
    return Answer("trial: proved", "ok" if counted["match"] else "unknown", told)


def _run(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "candlewick", *arguments, "-c", "candlewick.toml"]
    return subprocess.run(
        command, cwd=home, env=_environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def _environment() -> dict[str, str]:
    """This one, without settings of the installation that is tried."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CANDLEWICK_")}


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "it said nothing"
