"""A start is told in lines that come every few seconds, until all of it is there."""

import asyncio
import io
from pathlib import Path

from rich.console import Console

from candlewick.config import Settings
from candlewick.process.heartbeat import Heartbeat
from candlewick.supervisor import progress
from candlewick.supervisor.terminal import Terminal
from e2e.stack import until

ALL = "Still to come: connections, first candles, the chart."


async def test_what_is_still_to_come_is_said_again_and_again_until_it_is_there(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.05)
    settings, out = Settings(data=tmp_path), io.StringIO()
    console = Console(file=out, width=100, color_system=None)
    telling = asyncio.create_task(progress.Progress(settings, "http://here", None).run(Terminal(console)))
    await until(lambda: out.getvalue().count(ALL) >= 2, "it to be said twice")
    Heartbeat(settings.run_path, "recorder").beat(state="recording", legs=[1, 2])
    await until(lambda: "Still to come: first candles, the chart." in out.getvalue(), "what is left to be said")
    Heartbeat(settings.run_path, "warehouse").beat(watermark=1)
    Heartbeat(settings.run_path, "dashboard").beat()
    await until(lambda: "The chart is at http://here" in out.getvalue(), "all to be there")
    await asyncio.sleep(0.2)
    telling.cancel()
    assert out.getvalue().splitlines()[-1].endswith("The chart is at http://here"), "nothing is said after that"


async def test_candles_of_the_past_are_told_while_they_come_and_once_they_are_here(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(progress, "QUIET_SECONDS", 0.05)
    settings, out = Settings(data=tmp_path, symbols=("BTCUSDT",), candles=30), io.StringIO()
    Heartbeat(settings.run_path, "candles").beat(done=5, total=5)  # of another run
    console = Console(file=out, width=100, color_system=None)
    telling = asyncio.create_task(progress.Progress(settings, "http://here", None).run(Terminal(console)))
    await until(lambda: ALL in out.getvalue(), "the start to be told")
    beat = Heartbeat(settings.run_path, "candles")
    for done, told in ((0, ": 0%"), (700, ": 24%"), (2_880, "are here.")):
        beat.beat(done=done, total=2_880)
        await until(lambda told=told: told in out.getvalue(), f"{done} to be told")
        beat.beat(done=done + 1, total=2_880)
    await until(lambda: out.getvalue().count("days") == 3, "three lines")
    await asyncio.sleep(0.1)
    telling.cancel()
    lines = [line.partition(" ")[2] for line in out.getvalue().splitlines() if "days" in line]
    what = "the exchange's own candles of 30 days"
    assert lines == [f"Fetching {what}: 0%", f"Fetching {what}: 24%", f"{what.capitalize()} are here."]
