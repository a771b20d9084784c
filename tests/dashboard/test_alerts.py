"""Alerts in the server: each ring once and in order, whatever happens to the process, the feed or the receiver."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import msgspec
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from candlewick.config import AlertSettings
from candlewick.dashboard.alerts.alert import Alert, Ring, problem_of, rings_of
from candlewick.dashboard.alerts.book import AlertBook, Position
from candlewick.dashboard.alerts.progress import Progress
from candlewick.dashboard.alerts.watch import Watch, trouble_of
from candlewick.dashboard.alerts.webhook import Webhook, address_of, wait_after
from candlewick.dashboard.bars import FeedTrade, decimal_text
from candlewick.dashboard.live.feed_client import FeedClient
from candlewick.dashboard.reads import Reads
from candlewick.errors import CandlewickError, ConfigError
from candlewick.moments import now_us
from candlewick.warehouse.home import Days, OpenDay
from dashboard.test_hub import until
from dashboard.warehouse import SYMBOL, FeedServer, Warehouse

START = 1_732_233_600_000_000
ONE = 10**8


def trades_at(*prices: int, first_id: int = 1) -> list[FeedTrade]:
    return [FeedTrade(first_id + n, price * ONE, ONE, START + n * 1_000_000) for n, price in enumerate(prices)]


def at(level: object, kind: str = "cross", **more: object) -> Alert:
    return Alert(**({"id": f"{kind}{level}", "kind": kind, "symbol": SYMBOL, "level": str(level)} | more))


def rung(alerts, trades, before=None) -> list[int | None]:
    return [ring.trade_id for _, ring in rings_of(alerts, trades, before)]


@pytest.mark.parametrize(
    ("kind", "prices", "ids"),
    [
        ("cross", [95, 105], [2]),
        ("cross", [105, 95], [2]),
        ("cross", [95, 100, 101], [2]),
        ("cross", [100, 101], []),
        ("above", [95, 105], [2]),
        ("above", [105, 95, 99, 100], [4]),
        ("below", [95, 105, 99], [3]),
        ("below", [105, 100], [2]),
    ],
)
def test_a_price_is_met_from_its_side_by_the_first_trade_that_does(kind, prices, ids):
    assert rung([at(100, kind)], trades_at(*prices)) == ids


def test_an_alert_rings_once_and_one_that_repeats_after_its_rest():
    prices = [95, 105] * 40
    assert rung([at(100)], trades_at(*prices)) == [2]
    assert rung([at(100, repeats=True, rest=10)], trades_at(*prices)) == list(range(2, 81, 10))


def test_a_price_of_an_exact_level_is_no_float():
    close = [FeedTrade(1, 10, 1, START), FeedTrade(2, 30, 1, START)]
    assert rung([at("0.0000003")], close) == [2]
    assert problem_of(at("0.00000030001")) is not None


def test_it_looks_at_no_trade_from_before_it_was_made_and_at_none_when_it_is_over():
    prices = [95, 105, 95, 105]
    assert rung([at(100, since_id=2)], trades_at(*prices)) == [3]
    assert rung([at(100, expires_at=START + 1_000_000)], trades_at(*prices)) == []
    assert rung([at(100, is_armed=False)], trades_at(*prices)) == []


@pytest.mark.parametrize("level", ["", "abc", "-1", "0", "NaN", "Infinity", "1.123456789", "1e40"])
def test_a_level_that_is_no_price_is_refused(level):
    assert problem_of(at(level)).startswith("level: expected")


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60, unique=True), st.randoms(use_true_random=False))
def test_each_trade_is_looked_at_once_and_in_order_however_it_comes(cuts, chance):
    trades = trades_at(*range(1, 81))
    progress, seen, left = Progress(), [], list(trades)
    seen += progress.take([left.pop(0)])
    while left or progress.hole:
        if progress.hole and chance.random() < 0.5:
            first, last = progress.hole
            there = [trade for trade in trades if first <= trade.trade_id <= last]
            seen += progress.fill(there[: chance.randint(1, 4)])
        elif left:
            start = chance.randint(0, min(3, len(left) - 1)) if cuts[len(left) % len(cuts)] % 2 else 0
            frame, left = left[start : start + 5], left[start + 5 :]
            seen += progress.take(frame)
    assert seen == trades


def by_id(rings: list[tuple[int, Ring]]) -> list[str]:
    return [ring.key for _, ring in rings]


@dataclass
class Scene:
    """A watch over a made feed, to be killed and started again."""

    book_path: object
    warehouse: Warehouse = field(default_factory=Warehouse)
    feed: FeedServer = field(default_factory=FeedServer)
    patience: float = 60.0
    report: Callable[[], object] = SimpleNamespace

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Watch]:
        book, reads, failures = AlertBook(self.book_path), Reads(), []
        watch = Watch(
            book,
            self.warehouse,
            reads,
            feed=lambda on_trades, next_id: FeedClient(self.feed.url, on_trades, next_id),
            report=self.report,
            patience=self.patience,
        )
        async with watch.running(failures.append):
            yield watch
        reads.close()
        book.close()
        assert failures == []


@pytest.fixture
def scene(tmp_path) -> Scene:
    return Scene(tmp_path / "book.sqlite")


async def test_what_rang_while_nobody_watched_rings_when_somebody_does_and_once(scene):
    trades = trades_at(*([95] * 5 + [105] * 5 + [95] * 5 + [105] * 5))
    scene.warehouse.load(trades[:12])
    async with scene.feed.running():
        async with scene.watching() as watch:
            await watch.put(at(100, repeats=True, rest=1))
            await until(scene.feed.is_asked, "a subscription")
            await scene.feed.say(trades[:3])
            await until(lambda: bool(watch._tapes[SYMBOL].last), "trades")
        scene.feed.asked.clear()
        async with scene.watching() as watch:
            await until(scene.feed.is_asked, "a subscription")
            assert scene.feed.asked[-1] == {SYMBOL: 4}
            await scene.feed.say(trades[12:])  # the feed has no 4..12 any more; the warehouse has
            await until(lambda: len(watch.book.rings()) == 3, "three rings")
            assert by_id(watch.book.rings()) == ["cross100-6", "cross100-11", "cross100-16"]


async def test_ids_that_do_not_come_hold_nobody_up_and_are_looked_at_when_they_are_there(scene):
    scene.patience = 0.0
    trades = trades_at(95, 95, 105, 95, 95, 95)
    async with scene.feed.running(), scene.watching() as watch:
        scene.warehouse.load(trades[:2])
        await watch.put(at(100))
        await watch.put(at(90, id="later"))
        await until(scene.feed.is_asked, "a subscription")
        await scene.feed.say(trades[:2])
        await scene.feed.say(trades[4:])
        await until(lambda: bool(watch.book.owed()), "ids that are owed")
        assert watch.book.rings() == []
        scene.warehouse.load(trades[2:4])
        await watch._settle(watch.book.owed()[0])
        assert by_id(watch.book.rings()) == ["cross100-3"]
        assert watch.book.owed() == []


def test_a_book_that_is_none_or_newer_is_refused_in_one_line(tmp_path):
    path = tmp_path / "book.sqlite"
    path.write_text("not a book at all" * 100)
    with pytest.raises(CandlewickError, match="expected the book of alerts"):
        AlertBook(path)
    path.unlink()
    book = AlertBook(path)
    book._db.execute("pragma user_version = 9")
    book.close()
    with pytest.raises(CandlewickError, match="newer Candlewick"):
        AlertBook(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_rings_and_how_far_the_tape_is_are_kept_together_or_not_at_all(tmp_path, monkeypatch):
    book = AlertBook(tmp_path / "book.sqlite")
    alert = at(100)
    book.put(alert)
    pairs = list(rings_of([alert], trades_at(95, 105), None))
    monkeypatch.setattr("candlewick.dashboard.alerts.book.crashpoint", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        book.went_on(SYMBOL, Position(2, 105 * ONE, START), pairs)
    monkeypatch.undo()
    assert (book.positions(), book.rings(), book.alerts()) == ({}, [], [alert])
    for _ in range(2):
        book.went_on(SYMBOL, Position(2, 105 * ONE, START), pairs, delivers=True)
    assert by_id(book.rings()) == ["cross100-2"]
    assert [each.ring.key for each in book.due(now_us())] == ["cross100-2"]


def test_trouble_is_told_in_words():
    report = SimpleNamespace(
        recorded_seconds=75.2,
        freshness_seconds=80.0,
        audit={"mismatch": 2},
        symbols=[SimpleNamespace(symbol="A", holes=7), SimpleNamespace(symbol="B", holes=0)],
        days=Days(
            {"sealed": 3}, (OpenDay("B", "2026-11-20", "partial", "so"), OpenDay("A", "2026-11-19", "healing", "7"))
        ),
    )
    assert trouble_of(at(60, "stale"), report) == "The newest trade is 75 s old"
    assert trouble_of(at(90, "stale"), report) is None
    assert trouble_of(at("", "hole", symbol="A"), report) == "A lacks 7 trades"
    assert trouble_of(at("", "hole", symbol="B"), report) is None
    assert trouble_of(at("", "seal", symbol=""), report) == "A 2026-11-19 cannot be sealed: 7"
    assert trouble_of(at("", "seal", symbol="B"), report) is None, "the first day of a tape is no failure"
    assert trouble_of(at("", "mismatch", symbol=""), report) == "2 candles are not the exchange's own"


async def test_trouble_rings_when_it_comes_and_not_again_while_it_lasts(scene, monkeypatch):
    monkeypatch.setattr("candlewick.dashboard.alerts.watch.LOOK_SECONDS", 0.01)
    age, holes, differing, looks = 1.0, 0, 0, 0

    def report() -> SimpleNamespace:
        nonlocal looks
        looks += 1
        symbols = [SimpleNamespace(symbol=SYMBOL, holes=holes)]
        return SimpleNamespace(
            recorded_seconds=age, freshness_seconds=None, audit={"mismatch": differing}, symbols=symbols
        )

    async def looked_at(watch: Watch) -> list[str]:
        """The texts of all rings, once what there is now has surely been looked at."""
        before = looks
        await until(lambda: looks >= before + 3, "looks")
        return [ring.text for _, ring in watch.book.rings()]

    scene.report = report
    async with scene.feed.running(), scene.watching() as watch:
        await watch.put(at(60, "stale", repeats=True, rest=0, note="look"))
        await watch.put(at("", "hole"))
        await watch.put(at("", "mismatch", symbol="", repeats=True, rest=0))
        assert await looked_at(watch) == []
        age, holes, differing = 75.0, 7, 2
        texts = {
            "The newest trade is 75 s old: look",
            f"{SYMBOL} lacks 7 trades",
            "2 candles are not the exchange's own",
        }
        assert set(await looked_at(watch)) == texts
        assert len(await looked_at(watch)) == 3, "trouble that lasts is told once"
        age, holes, differing = 1.0, 0, 0
        assert len(await looked_at(watch)) == 3
        age, holes, differing = 90.0, 1, 1
        newer = {"The newest trade is 90 s old: look", "1 candles are not the exchange's own"}
        assert set((await looked_at(watch))[3:]) == newer, "one that does not repeat has rung"
        assert {alert.kind: alert.is_armed for alert in watch.alerts} == {
            "stale": True,
            "hole": False,
            "mismatch": True,
        }


@dataclass
class Receiver:
    """A webhook's other end; it says what `answers` say, then 204."""

    answers: list[Callable[[], web.Response]] = field(default_factory=list)
    taken: list[tuple[str, dict]] = field(default_factory=list)
    asked: int = 0
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Receiver"]:
        app = web.Application()
        app.router.add_post("/hook", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook?token=secret"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        body = msgspec.json.decode(await request.read())
        if self.answers:
            return self.answers.pop(0)()
        self.taken.append((request.headers["Idempotency-Key"], body))
        return web.Response(status=204)


async def test_a_ring_is_delivered_until_it_is_taken_and_once(tmp_path):
    book, later = AlertBook(tmp_path / "book.sqlite"), 0
    alerts = [at(level) for level in range(96, 105)]
    for alert in alerts:
        book.put(alert)
    pairs = list(rings_of(alerts, trades_at(95, 105), None))
    book.went_on(SYMBOL, Position(2, 105 * ONE, START), pairs, delivers=True)
    refusals = [lambda: web.Response(status=500), lambda: web.Response(status=429, headers={"Retry-After": "30"})]
    async with Receiver(list(refusals)).running() as receiver:
        webhook = Webhook(receiver.url, "json", book, now=lambda: now_us() + later)
        task = asyncio.create_task(webhook.run())
        await until(lambda: len(receiver.taken) == len(pairs) - 2, "those that were not refused")
        assert [tries for _, tries, _ in book.undelivered()] == [1, 1]
        later = 60_000_000
        book.on_ring()  # the clock leapt, as none does outside a test
        await until(lambda: not book.undelivered(), "the others")
        task.cancel()
    book.close()
    assert sorted(key for key, _ in receiver.taken) == sorted(ring.key for _, ring in pairs)
    assert receiver.asked == len(pairs) + 2
    assert receiver.taken[0][1]["text"].startswith(f"{SYMBOL} rose to ")


async def test_a_receiver_that_wants_text_alone_gets_it(tmp_path):
    book = AlertBook(tmp_path / "book.sqlite")
    book.put(at(100, note='"sell"'))
    book.went_on(SYMBOL, None, list(rings_of(book.alerts(), trades_at(95, 105), None)), delivers=True)
    async with Receiver().running() as receiver:
        task = asyncio.create_task(Webhook(receiver.url, "text", book).run())
        await until(lambda: book.next_due() is None, "the ring to be taken")
        task.cancel()
    book.close()
    assert receiver.taken == [("cross100-2", {"text": f'{SYMBOL} rose to 100: "sell"'})]


def test_waits_grow_and_a_receiver_may_ask_for_longer():
    assert [wait_after(tries) for tries in (0, 1, 2, 5, 50)] == [1, 2, 4, 32, 300]
    assert wait_after(0, 90) == 90


@pytest.mark.parametrize("text", ["", "ftp://x/y", "https://", "https://a/b\nhttps://c/d"])
def test_an_address_that_is_none_is_refused_without_being_quoted(tmp_path, text):
    path = tmp_path / "hook"
    path.write_text(text)
    with pytest.raises(ConfigError, match="expected one line, an address") as caught:
        address_of(AlertSettings(webhook_file=str(path)))
    assert len(text) < 10 or text not in str(caught.value)
    with pytest.raises(ConfigError, match="expected a file"):
        address_of(AlertSettings(webhook_file=str(tmp_path / "none")))


def test_prices_are_told_as_they_were_written():
    [(_, ring)] = rings_of([at("97000.50", note="sell")], trades_at(95_000, 99_000), None)
    assert (ring.text, ring.price) == (f"{SYMBOL} rose to 97000.50: sell", decimal_text(99_000 * ONE))


def test_an_alert_that_was_removed_meanwhile_does_not_ring(tmp_path):
    book = AlertBook(tmp_path / "book.sqlite")
    pairs = list(rings_of([at(100)], trades_at(95, 105), None))
    book.went_on(SYMBOL, None, pairs)
    assert book.rings() == [] and book.alerts() == []
    assert replace(trades_at(1)[0]) == trades_at(1)[0]
