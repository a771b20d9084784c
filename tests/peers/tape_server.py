"""A real HTTP server with a tape of its own, that can lag, lack ids and fail; and what a backfill needs around it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import stamina
from aiohttp import web
from aiohttp.test_utils import TestServer

from candlewick.binance import hosts
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake
from candlewick.recorder import introduction

Until = Callable[[Callable[[], object]], object]


@dataclass
class TapeServer:
    """Knows the ids `first..head` but the `absent` ones; a trade's time is its id in ms; `failures` come first.

    The `unserved` ids exist, as its aggregates show, but are not given one by one.
    It has a candle of each of its `minutes` (since the epoch) but those `without_candle`. It does not know the symbols
    that are `delisted`. Where it is `keyed`, it wants a key for trades by id.
    """

    first: int = 1_000
    head: int = 20_000
    absent: set[int] = field(default_factory=set)
    unserved: set[int] = field(default_factory=set)
    minutes: range = range(0)
    without_candle: set[int] = field(default_factory=set)
    delisted: set[str] = field(default_factory=set)
    keyed: bool = False
    failures: int = 0
    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def pages(self) -> list[tuple[int, int]]:
        """The pages that were asked for: id and number of rows."""
        return [(int(q["fromId"]), int(q["limit"])) for path, q in self.asked if path.endswith("historicalTrades")]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, dict(request.query)))
        if self.failures:
            self.failures -= 1
            return web.json_response({"code": -1000, "msg": "a passing fault"}, status=500)
        if self.keyed and request.path.endswith("historicalTrades"):
            return web.json_response({"code": -2014, "msg": "API-key format invalid."}, status=401)
        if request.query.get("symbol") in self.delisted:
            return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
        answer = getattr(self, request.path.rpartition("/")[2])
        return web.json_response(answer(request.query))

    def historicalTrades(self, query):  # noqa: N802 (the endpoint's name)
        first, limit = max(int(query["fromId"]), self.first), int(query["limit"])
        missing = self.absent | self.unserved
        ids = [i for i in range(first, min(self.head, first + limit + 5_000) + 1) if i not in missing][:limit]
        return [
            {"id": i, "price": f"{i}.0", "qty": "1.0", "quoteQty": f"{i}.0", "time": i, "isBuyerMaker": True}
            | {"isBestMatch": True}
            for i in ids
        ]

    def aggTrades(self, query):  # noqa: N802
        if "endTime" in query:
            ids = range(self.first, min(int(query["endTime"]), self.head) + 1)[-int(query["limit"]) :]
            return [{"f": i, "l": i, "T": i} for i in ids if i not in self.absent]
        if "startTime" in query:
            first = max(int(query["startTime"]), self.first)
            return [{"f": first, "l": first, "T": first}] if first <= self.head else []
        return [{"f": self.head, "l": self.head, "T": self.head}]

    def klines(self, query):
        first, last = (int(query[key]) // 60_000 for key in ("startTime", "endTime"))
        wanted = [m for m in self.minutes if first <= m <= last and m not in self.without_candle]
        return [self._kline(minute) for minute in wanted[: int(query["limit"])]]

    def _kline(self, minute):
        opens = minute * 60_000_000
        return [opens, "1.0", "2.0", "0.5", "1.5", "9.0", opens + 59_999_999, "12.0", 7, "4.0", "6.0", "0"]

    def time(self, query):
        return {"serverTime": time.time_ns() // 1_000}


@pytest.fixture
async def tape() -> AsyncIterator[TapeServer]:
    server = TapeServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", server.handle)
    async with TestServer(app) as running:
        server.url = str(running.make_url("")).rstrip("/")
        yield server


@pytest.fixture
def no_waiting(monkeypatch):
    """Retries happen at once, and an exchange that is down is asked on."""
    monkeypatch.setattr(hosts, "LONGEST_PAUSE", 0.0)
    monkeypatch.setattr(introduction, "LONGEST_WAIT", 0.2)
    stamina.set_testing(True, attempts=10, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), "demo")


@pytest.fixture
def until() -> Until:
    """Wait for a condition, with a deadline."""

    async def wait(condition: Callable[[], object], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def synthetic():
    return ExchangeOptions(port=0, symbols=("BTCDEMO", "ETHDEMO"), rate=50.0, weight_limit=1_000_000)
