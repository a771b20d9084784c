"""The feed's client: one unknown symbol harms no other, and a subscription begins where it was asked to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from candlewick.dashboard.bars import FeedTrade
from candlewick.dashboard.live.feed_client import FeedClient
from dashboard.test_hub import until
from dashboard.warehouse import SYMBOL, FeedServer, tape

START = 1_732_233_600_000_000


class Listener:
    """What a client heard, and where it goes on."""

    def __init__(self, url: str) -> None:
        self.heard: list[FeedTrade] = []
        self.next_id: int | None = None
        self.client = FeedClient(url, lambda _, trades, __: self.heard.extend(trades), lambda _: self.next_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Listener"]:
        task = asyncio.create_task(self.client.run())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_symbol_that_is_not_recorded_does_not_keep_the_others_from_being_heard() -> None:
    trades = tape(5, start=START)
    async with FeedServer().running() as feed, Listener(feed.url).running() as listener:
        await listener.client.want(frozenset({SYMBOL, "NOSUCHDEMO"}))
        await until(feed.is_asked, "a subscription without the unknown symbol")
        assert feed.asked[-1] == {SYMBOL: None}
        await feed.say(trades)
        await until(lambda: listener.heard == trades, "the trades of the other")
        assert feed.connections == 2


async def test_what_was_on_its_way_for_an_older_subscription_is_not_taken_for_the_new_one() -> None:
    trades = tape(30, start=START)
    async with FeedServer().running() as feed, Listener(feed.url).running() as listener:
        listener.next_id = trades[20].trade_id
        await listener.client.want(frozenset({SYMBOL}))
        await until(feed.is_asked, "a subscription")
        listener.next_id = trades[0].trade_id
        await listener.client.subscribe()
        await until(lambda: len(feed.asked) == 2, "a second one")
        await feed.say(trades[20:], late=True)
        await feed.say(trades)
        await until(lambda: bool(listener.heard), "trades")
        assert listener.heard == trades
