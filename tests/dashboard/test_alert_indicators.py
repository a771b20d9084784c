"""Alerts on indicators: judged where a candle closes, each candle once, also over a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from candlewick.dashboard.alerts import watch as watching
from candlewick.dashboard.alerts.alert import Alert, problem_of
from candlewick.dashboard.alerts.book import AlertBook
from candlewick.dashboard.alerts.closing import judged
from candlewick.dashboard.alerts.indicator import Indicator, turns
from candlewick.dashboard.alerts.watch import Watch
from candlewick.dashboard.alerts.webhook import Webhook
from candlewick.dashboard.bars import FeedTrade
from candlewick.dashboard.live.feed_client import FeedClient
from candlewick.dashboard.reads import Reads
from candlewick.moments import now_us
from dashboard.test_alerts import Receiver
from dashboard.test_hub import until
from dashboard.warehouse import SYMBOL, FeedServer, Warehouse

START = 1_732_233_600_000_000
MINUTE = 60_000_000
ONE = 10**8


def minutes(*closes: int) -> list[FeedTrade]:
    """A trade a minute at these prices, and one in the minute after, by which the last of them is closed."""
    prices = [*closes, closes[-1]]
    return [FeedTrade(1_000 + at, price * ONE, ONE, START + at * MINUTE) for at, price in enumerate(prices)]


def alert(**more: object) -> Alert:
    given = {
        "id": "a",
        "kind": "indicator",
        "symbol": SYMBOL,
        "indicator": "sma(2)",
        "timeframe": "1m",
        "repeats": True,
    }
    return Alert(**(given | {"rest": 1} | more))


def seen(closes: list[int], asked: Alert, *cuts: int) -> tuple[Alert, list[str]]:
    """Judge as the candles come, a look after each cut; the alert is read back from JSON as after a restart."""
    told: list[str] = []
    for cut in cuts:
        warehouse = Warehouse()
        warehouse.load(minutes(*closes[:cut]))
        asked, rings = judged(asked, warehouse, now_us())
        told += [ring.key.partition("-")[2] + " " + ring.text for ring in rings]
        asked = msgspec.json.decode(msgspec.json.encode(asked), type=Alert)
    return asked, told


CLOSES = [10, 10, 10, 8, 12, 12, 12, 7, 7, 13]


def test_the_close_that_comes_to_an_average_rings_whatever_the_looks_between() -> None:
    whole = seen(CLOSES, alert(), 3, len(CLOSES))[1]
    assert [line.split(" ", 1)[1].removeprefix(f"{SYMBOL} 1m: ") for line in whole] == [
        "close rose to SMA 2",
        "close fell to SMA 2",
        "close rose to SMA 2",
    ]
    for cuts in ([3, 4, 5, 6, 7, 8, 9, 10], [3, 6, 6, 10], [3, 9, 10, 10]):
        assert seen(CLOSES, alert(), *cuts)[1] == whole


def test_from_one_side_only_and_once_where_it_does_not_repeat() -> None:
    _, above = seen(CLOSES, alert(side="above"), 3, len(CLOSES))
    assert above and all("rose" in line for line in above)
    after, once = seen(CLOSES, alert(repeats=False), 3, len(CLOSES))
    assert len(once) == 1
    assert not after.is_armed


def test_it_looks_at_nothing_that_closed_before_it_was_made() -> None:
    assert seen(CLOSES, alert(), len(CLOSES))[1] == []


def test_rsi_comes_to_its_level() -> None:
    indicator = Indicator.named("rsi(2)")
    assert indicator
    closes = [10.0, 9.0, 8.0, 9.0, 11.0, 14.0, 9.0, 5.0]
    values = indicator.values(closes)
    found = list(turns(indicator, "70", closes))
    assert [moved for _, moved, _ in found] == ["rose", "fell"]
    for at, moved, value in found:
        assert value == values[at]
        assert (values[at - 1] < 70 <= value) if moved == "rose" else (values[at - 1] > 70 >= value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"indicator": "pine(1)"}, "indicator: expected sma"),
        ({"indicator": "ema(501)"}, "indicator: expected sma"),
        ({"timeframe": "1s"}, "timeframe: expected one such as 5m"),
        ({"timeframe": "7y"}, "timeframe: expected one such as 5m"),
        ({"level": "70"}, "level: expected none"),
        ({"indicator": "rsi(14)", "level": ""}, "level: expected a number"),
        ({"symbol": ""}, "symbol: expected one"),
    ],
)
def test_what_is_no_indicator_is_refused_in_one_line(wrong: dict[str, str], says: str) -> None:
    assert problem_of(alert()) is None
    assert (problem_of(alert(**wrong)) or "").startswith(says)


async def test_one_rings_from_the_candle_to_the_webhook_once_each_also_over_a_kill(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)
    warehouse, trades = Warehouse(), minutes(*CLOSES)
    warehouse.load(trades[:4])
    async with Receiver().running() as receiver, FeedServer().running() as feed:
        async with alive(tmp_path, warehouse, feed, receiver) as watch:
            await watch.put(alert(note="sell"))
            await until(lambda: watch.alerts[0].seen_at > 0, "a first look")
            warehouse.load(trades[4:6])
            await until(lambda: len(receiver.taken) == 1, "the first ring at the webhook")
            await until(lambda: watch.book.next_due() is None, "that it is noted as taken")
        warehouse.load(trades[6:])  # while nobody watches
        async with alive(tmp_path, warehouse, feed, receiver) as watch:
            await until(lambda: len(receiver.taken) == 3, "those that are left")
            await until(lambda: watch.book.next_due() is None, "that they are noted as taken")
            told = [ring.text for _, ring in watch.book.rings()]
    assert told == [f"{SYMBOL} 1m: close {moved} to SMA 2: sell" for moved in ("rose", "fell", "rose")]
    assert [body["text"] for _, body in receiver.taken] == told
    assert len({key for key, _ in receiver.taken}) == receiver.asked == 3


@asynccontextmanager
async def alive(folder: Path, warehouse: Warehouse, feed: FeedServer, receiver: Receiver) -> AsyncIterator[Watch]:
    """A watch and its webhook, until they are ended without a word."""
    book, reads, failures = AlertBook(folder / "book.sqlite"), Reads(), []
    watch = Watch(
        book,
        warehouse,
        reads,
        feed=lambda on_trades, next_id: FeedClient(feed.url, on_trades, next_id),
        report=SimpleNamespace,
        delivers=True,
    )
    async with watch.running(failures.append):
        task = asyncio.create_task(Webhook(receiver.url, "json", book).run())
        yield watch
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    reads.close()
    book.close()
    assert failures == []
