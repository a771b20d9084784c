"""From a crossing to its receiver: each ring arrives, in order, whatever is killed and whatever answer is lost."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from candlewick.dashboard.alerts.book import AlertBook
from candlewick.process.crashpoint import VARIABLE
from dashboard import crossings
from dashboard.warehouse import SYMBOL, FeedServer
from e2e.stack import until

TESTS = Path(__file__).parents[1]
KILLS = 4
FRAME = 40
LOST_EVERY = 50
PATIENCE = 240.0


class Lossy:
    """A receiver that notes the key of each ring it is given, and loses some of its answers."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.lost: list[str] = []
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Lossy"]:
        app = web.Application()
        app.router.add_post("/hook", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        key = request.headers["Idempotency-Key"]
        assert msgspec.json.decode(await request.read())["key"] == key
        self.given.append(key)
        if len(self.given) % LOST_EVERY == 0:
            self.lost.append(key)
            assert request.transport
            request.transport.abort()
        return web.Response(status=204)


async def start(book_path: Path, feed: FeedServer, receiver: Lossy, step: str) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "dashboard.crossings", str(book_path), feed.url, receiver.url]
    environment = os.environ | {VARIABLE: step, "PYTHONPATH": str(TESTS)}
    child = await asyncio.create_subprocess_exec(*command, env=environment)
    await until(feed.is_asked, "a subscription", PATIENCE)
    return child


async def tell(feed: FeedServer, receiver: Lossy, child: asyncio.subprocess.Process, chance: random.Random) -> None:
    """Tell a child the trades from those on that it asks for, or from later ones: it has the others elsewhere.

    Frame by frame, as it goes on: in one it would look at all of them at once.
    """
    trades, asked = crossings.trades(), feed.asked[-1][SYMBOL]
    first = 0 if asked is None else min(len(trades) - 1, asked - 1 + chance.randint(0, 60))
    for at in range(first, len(trades), FRAME):
        frame = trades[at : at + FRAME]
        due = crossings.keys(frame[-1].trade_id)
        await feed.say(frame)
        await until(lambda: child.returncode is not None or set(due) <= set(receiver.given), "rings", PATIENCE)  # noqa: B023
        if child.returncode is not None:
            return


@pytest.mark.timeout(600)
async def test_a_thousand_crossings_arrive_once_each_whatever_is_killed_and_whichever_answer_is_lost(tmp_path):
    expected, chance = crossings.keys(), random.Random(11)
    assert len(expected) >= 1_000
    book_path, feed, receiver = tmp_path / "book.sqlite", FeedServer(), Lossy()
    async with feed.running(), receiver.running():
        for _ in range(KILLS):
            child = await start(book_path, feed, receiver, f"noting what rang:{chance.randint(4, 12)}")
            await tell(feed, receiver, child, chance)
            assert await child.wait() == -signal.SIGKILL
            await until(lambda: not feed.sockets, "the feed to know")
            feed.asked.clear()
        child = await start(book_path, feed, receiver, "")
        try:
            await tell(feed, receiver, child, chance)
            await until(lambda: set(receiver.given) == set(expected), "all rings to arrive", PATIENCE)
            book = AlertBook(book_path)
            await until(lambda: book.next_due() is None, "all answers to be noted", PATIENCE)
            assert [ring.key for _, ring in book.rings(limit=10_000)] == expected
            book.close()
        finally:
            child.kill()
            await child.wait()
    assert list(dict.fromkeys(receiver.given)) == expected, "in order, none lost and none made up"
    given, lost = Counter(receiver.given), Counter(receiver.lost)
    assert lost.total() > 10
    assert all(given[key] > lost[key] for key in lost), "once more where an answer was lost"
    assert (given - Counter(expected) - lost).total() <= KILLS, "and for one that a kill cut off"
