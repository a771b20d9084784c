"""The hub tells every viewer the bars of the tape, whatever feed and mart do."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from candlewick.dashboard.bars import FeedTrade, State
from candlewick.dashboard.live.frames import bar_text
from candlewick.dashboard.live.hub import Hub
from candlewick.dashboard.live.topic import Viewer
from candlewick.dashboard.reads import Reads
from candlewick.process import heartbeat
from dashboard.test_bars import aggregate
from dashboard.warehouse import SYMBOL, FeedServer, Version, Warehouse, tape

START = 1_732_233_600_000_000
ZONE = ZoneInfo("UTC")
KEY = (SYMBOL, "1m")


class Screen:
    """A viewer's bars and newest status, made from its frames as the browser makes them."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self.bars: dict[int, list[Any]] = {}
        self.status: dict[str, Any] = {}
        self.frames = 0

    def read(self) -> "Screen":
        while not self.viewer.frames.empty():
            frame = json.loads(self.viewer.frames.get_nowait(), parse_float=str)
            self.frames += "b" in frame
            self.bars |= {bar[0]: bar for bar in frame.get("b", [])}
            self.status |= frame.get("i", {})
        return self

    def shows(self, trades: list[FeedTrade], timeframe: str = "1m") -> bool:
        """Whether the newest bars are exactly those of these trades, states aside."""
        self.read()
        expected = [json.loads(bar_text(bar), parse_float=str)[:-1] for bar in aggregate(trades, timeframe, ZONE)[-12:]]
        return bool(self.bars) and [bar[:-1] for _, bar in sorted(self.bars.items())][-len(expected) :] == expected

    def states(self) -> dict[int, State]:
        """The state of each bar, by seconds since the tape's first minute."""
        return {opened - START // 1_000_000: State(bar[-1]) for opened, bar in sorted(self.read().bars.items())}


async def until(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def hub_over(warehouse: Warehouse, feed_url: str, run_path: Path) -> AsyncIterator[Hub]:
    failures: list[BaseException] = []
    reads = Reads()
    hub = Hub(warehouse, reads, feed_url=feed_url, zone=ZONE, run_path=run_path)
    async with hub.running(failures.append):
        yield hub
    reads.close()
    assert not failures


@asynccontextmanager
async def having_lost_its_feed(
    warehouse: Warehouse, trades: list[FeedTrade], run_path: Path
) -> AsyncIterator[tuple[Screen, int]]:
    """A screen of the first 100 trades by the mart and 100 more by a feed that ended, and the port that it had."""
    warehouse.load(trades[:100])
    async with FeedServer().running() as free:
        port = free.port
    async with hub_over(warehouse, f"http://127.0.0.1:{port}/feed", run_path) as hub:
        screen = await watching(hub)
        async with FeedServer(port).running() as feed:
            await until(feed.is_asked, "a subscription")
            await feed.say(trades[100:200])
            await until(lambda: screen.shows(trades[:200]), "the feed's trades")
            await until(lambda: screen.read().status["source"] == "feed", "a live feed")
        yield screen, port


@pytest.fixture
async def feed() -> AsyncIterator[FeedServer]:
    async with FeedServer().running() as server:
        yield server


async def watching(hub: Hub, *keys: tuple[str, str]) -> Screen:
    viewer = Viewer()
    await hub.watch(viewer, set(keys or [KEY]))
    return Screen(viewer)


async def test_bars_go_on_from_the_mart_by_the_feeds_trades(feed: FeedServer, tmp_path: Path) -> None:
    trades, warehouse = tape(600, start=START), Warehouse()
    warehouse.load(trades[:300])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        screen = await watching(hub)
        await until(lambda: screen.shows(trades[:300]), "the mart's bars")
        await until(feed.is_asked, "a subscription")
        assert feed.asked[-1] == {SYMBOL: trades[300].trade_id}
        await feed.say(trades[300:350])
        await until(lambda: screen.shows(trades[:350]), "the feed's trades")
        assert screen.status["source"] in {"mart", "feed"}
        warehouse.load(trades[300:340])
        await feed.say(trades[350:600])
        await until(lambda: screen.shows(trades), "both")
        await until(lambda: screen.read().status.get("source") == "feed", "the status to say so")


async def test_over_a_hole_prices_go_on_marked_as_incomplete_until_the_mart_has_passed_it(
    feed: FeedServer, tmp_path: Path
) -> None:
    trades, warehouse = tape(600, start=START), Warehouse()
    warehouse.load(trades[:100])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        screen = await watching(hub)
        await until(feed.is_asked, "a subscription")
        await feed.say(trades[100:200])
        await until(lambda: screen.shows(trades[:200]), "what is contiguous")
        await feed.say(trades[300:400])
        held = [*trades[:200], *trades[300:400]]
        await until(lambda: screen.shows(held), "the trades behind the hole")
        await until(
            lambda: screen.read().status.get("source") == "ahead", "the status to say that it goes on over a hole"
        )
        assert screen.states() == {0: State.CLOSED, 60: State.INCOMPLETE, 120: State.INCOMPLETE}
        warehouse.load(trades[100:150])  # not past the hole yet
        await feed.say(trades[400:450])
        await until(lambda: screen.shows([*held, *trades[400:450]]), "more of them")
        warehouse.load(trades[150:350])
        await until(lambda: screen.shows(trades[:450]), "the mart to pass the hole")
        assert State.INCOMPLETE not in screen.states().values()
        await until(lambda: screen.read().status.get("source") == "feed", "the status to say that all is whole")


async def test_a_feed_that_began_after_the_mart_is_asked_for_what_lies_between(
    feed: FeedServer, tmp_path: Path
) -> None:
    trades, warehouse = tape(300, start=START), Warehouse()
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        screen = await watching(hub)
        await until(feed.is_asked, "a subscription before there is a mart")
        assert feed.asked[-1] == {SYMBOL: None}
        await feed.say(trades[200:210])
        warehouse.load(trades[:100])
        await until(lambda: feed.asked[-1] == {SYMBOL: trades[100].trade_id}, "another subscription")
        await feed.say(trades[100:])
        await until(lambda: screen.shows(trades), "all trades")


async def test_without_a_feed_bars_come_from_the_mart_alone(tmp_path: Path) -> None:
    trades, warehouse = tape(300, start=START), Warehouse()
    warehouse.load(trades[:100])
    async with hub_over(warehouse, "http://127.0.0.1:1/feed", tmp_path) as hub:
        screen = await watching(hub)
        await until(lambda: screen.shows(trades[:100]), "the mart's bars")
        warehouse.load(trades[100:])
        await until(lambda: screen.shows(trades), "the mart's next version")
        await until(
            lambda: screen.read().status["event"] == trades[-1].traded_at // 1_000, "the age of its newest trade"
        )
        assert screen.status["source"] == "settled"


async def test_without_its_feed_a_bar_is_settled_once_the_mart_has_all_that_it_shows(tmp_path: Path) -> None:
    trades, warehouse = tape(300, start=START), Warehouse()
    async with having_lost_its_feed(warehouse, trades, tmp_path) as (screen, _):
        await until(lambda: screen.read().status["source"] == "away", "the feed to be missed")
        assert screen.status["event"] == trades[199].traded_at // 1_000
        warehouse.load(trades[100:220])
        await until(lambda: screen.read().status["source"] == "settled", "the mart to pass the feed's last trade")
        assert screen.status["event"] == trades[219].traded_at // 1_000


async def test_a_feed_that_comes_back_is_asked_to_go_on_where_it_ended(tmp_path: Path) -> None:
    trades, warehouse = tape(300, start=START), Warehouse()
    async with having_lost_its_feed(warehouse, trades, tmp_path) as (screen, port), FeedServer(port).running() as feed:
        await until(feed.is_asked, "a subscription after the restart")
        assert feed.asked[-1:] == [{SYMBOL: trades[200].trade_id}]
        await feed.say(trades[150:300])
        await until(lambda: screen.shows(trades), "all trades, the repeated ones once")


async def test_before_the_first_version_a_viewer_waits_and_then_sees_bars(tmp_path: Path) -> None:
    trades, warehouse = tape(50, start=START), Warehouse()
    beat = {"symbols": {SYMBOL: {"history": {"fraction": 0.25, "done": False}}}}
    heartbeat.Heartbeat(tmp_path, "recorder").beat(**beat)
    async with hub_over(warehouse, "http://127.0.0.1:1/feed", tmp_path) as hub:
        screen = (await watching(hub)).read()
        assert (screen.status["source"], screen.status["history"]) == ("waiting", "0.25")
        assert screen.status["start"]["objects"] == 0
        assert not screen.bars
        warehouse.load(trades)
        await until(lambda: screen.shows(trades), "the first bars")


async def test_every_viewer_of_a_series_gets_its_frames_from_one_pump(feed: FeedServer, tmp_path: Path) -> None:
    trades, warehouse = tape(200, start=START), Warehouse()
    warehouse.load(trades[:100])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        screens = [await watching(hub) for _ in range(20)]
        other = await watching(hub, (SYMBOL, "1s"))
        assert hub.numbers()["topics"] == 2
        await until(feed.is_asked, "a subscription")
        await feed.say(trades[100:])
        await until(lambda: all(screen.shows(trades) for screen in screens), "all of them")
        await until(lambda: other.shows(trades, "1s"), "the other series")
        for screen in [*screens, other]:
            await hub.watch(screen.viewer, set())
        assert hub.numbers()["topics"] == hub.numbers()["viewers"] == 0


async def test_a_burst_becomes_at_most_ten_frames_a_second(feed: FeedServer, tmp_path: Path) -> None:
    trades, warehouse = tape(1_100, start=START), Warehouse()
    warehouse.load(trades[:100])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        screen = await watching(hub)
        await until(feed.is_asked, "a subscription")
        screen.read().frames = 0
        began = time.monotonic()
        for at in range(100, 1_100, 10):
            await feed.say(trades[at : at + 10])
        await until(lambda: screen.shows(trades), "the last trade")
        assert screen.frames <= 2 + (time.monotonic() - began) / 0.1


async def test_a_viewer_that_missed_frames_is_made_right_by_a_snapshot(feed: FeedServer, tmp_path: Path) -> None:
    trades, warehouse = tape(600, start=START, step_us=2_000_000), Warehouse()
    warehouse.load(trades[:300])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        viewer = Viewer(limit=3)
        await hub.watch(viewer, {KEY})
        screen = Screen(viewer)
        await until(feed.is_asked, "a subscription")
        for at in range(300, 600, 30):
            await feed.say(trades[at : at + 30])
            await asyncio.sleep(0.11)
        await until(lambda: viewer.is_behind, "the mailbox to overflow")
        assert viewer.dropped > 0
        screen.read()
        hub.catch_up(viewer)
        assert screen.shows(trades)


async def test_the_stamp_changes_when_older_candles_do_and_only_then(feed: FeedServer, tmp_path: Path) -> None:
    trades, warehouse = tape(9_000, start=START), Warehouse()
    warehouse.load(trades[4_000:8_000])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        screen = await watching(hub)
        first = screen.read().status["stamp"] or (await newer_status(screen))["stamp"]
        warehouse.load(trades[8_000:])
        await until(lambda: screen.shows(trades), "the newest bars")
        assert (await newer_status(screen))["stamp"] == first
        warehouse.load(trades[:4_000])
        await until(lambda: screen.read().status["stamp"] != first, "the stamp to tell that history grew")


async def test_a_fault_that_nobody_expected_is_told_rather_than_leaving_a_chart_that_stands_still(
    tmp_path: Path,
) -> None:
    class Broken(Warehouse):
        def current(self) -> Version:
            raise RuntimeError("the disk is gone")

    failures: list[BaseException] = []
    reads = Reads()
    hub = Hub(Broken(), reads, feed_url="http://127.0.0.1:1/feed", zone=ZONE, run_path=tmp_path)
    async with hub.running(failures.append):
        viewer = Viewer()
        with pytest.raises(RuntimeError):
            await hub.watch(viewer, {KEY})
        await until(lambda: bool(failures), "the fault to be told")
    reads.close()
    assert "disk is gone" in str(failures[0])


async def newer_status(screen: Screen) -> dict[str, Any]:
    """The first status told after now."""
    screen.read()
    told = screen.status["now"]
    await until(lambda: screen.read().status["now"] > told, "another status")
    return screen.status


async def test_a_frame_names_an_event_only_where_it_is_news(feed: FeedServer, tmp_path: Path) -> None:
    trades, warehouse = tape(400, start=START), Warehouse()
    warehouse.load(trades[:200])
    async with hub_over(warehouse, feed.url, tmp_path) as hub:
        viewer = Viewer()
        await hub.watch(viewer, {KEY})
        await until(feed.is_asked, "a subscription")
        await feed.say(trades[200:350])
        events: list[float] = []

        def hear() -> bool:
            while not viewer.frames.empty():
                frame = json.loads(viewer.frames.get_nowait())
                events.extend([frame["g"]] if "b" in frame else [])
            return bool(events and events[-1])

        await until(hear, "the feed's trades")
        warehouse.load(trades[200:350])
        await until(lambda: not hear() and events[-1] == 0, "bars that the mart has settled")
        assert [event for event in events if event] == [trades[349].traded_at / 1_000]
