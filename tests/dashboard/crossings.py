"""A watch with a webhook, over a market that crosses its alerts a thousand times and more, in a process to be killed.

python -m dashboard.crossings BOOK FEED RECEIVER
"""

import asyncio
import random
import sys
from pathlib import Path
from types import SimpleNamespace

from candlewick.dashboard.alerts.alert import Alert, rings_of
from candlewick.dashboard.alerts.book import AlertBook
from candlewick.dashboard.alerts.watch import Watch
from candlewick.dashboard.alerts.webhook import Webhook
from candlewick.dashboard.bars import FeedTrade
from candlewick.dashboard.live.feed_client import FeedClient
from candlewick.dashboard.reads import Reads
from dashboard.warehouse import SYMBOL, Warehouse

START = 1_732_233_600_000_000
ONE = 10**8
ALERTS = [
    Alert(id=f"cross{level}", kind="cross", symbol=SYMBOL, level=str(level), repeats=True, rest=1)
    for level in range(60, 140, 2)
]


def trades() -> list[FeedTrade]:
    """The market's trades, the same in every process."""
    chance, price, made = random.Random(7), 100, []
    for number in range(4_000):
        price = max(50, price + chance.choice([-3, -2, -1, 1, 2, 3]))
        made.append(FeedTrade(number + 1, price * ONE, ONE, START + number * 1_000_000))
    return made


def keys(last_id: int | None = None) -> list[str]:
    """The keys of all rings up to a trade, in order."""
    return [ring.key for _, ring in rings_of(ALERTS, trades()[:last_id], None)]


async def main(book_path: str, feed: str, receiver: str) -> None:
    """Watch and deliver until killed."""
    warehouse = Warehouse()
    warehouse.load(trades())
    book = AlertBook(Path(book_path))
    for alert in ALERTS if not book.alerts() else ():
        book.put(alert)
    watch = Watch(
        book,
        warehouse,
        Reads(),
        feed=lambda on_trades, next_id: FeedClient(feed, on_trades, next_id),
        report=SimpleNamespace,  # type: ignore[arg-type]
        delivers=True,
    )
    webhook = Webhook(receiver, "json", book)
    async with watch.running(lambda error: sys.exit(repr(error))):
        await webhook.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
