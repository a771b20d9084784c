"""Delivers rings to the webhook of the settings, each until it is taken.

A receiver that answers 2xx has taken it. What failed is tried again after 1, 2, 4, … seconds, 5 minutes at most, for
a day; `Retry-After` counts where it is longer. A process that is killed between an answer and its note of it delivers
once more, with the same `Idempotency-Key`: over HTTP nobody can do better, and receivers can tell the two by it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog

from candlewick.config import AlertSettings
from candlewick.dashboard.alerts.alert import Ring
from candlewick.dashboard.alerts.book import AlertBook, Delivery
from candlewick.errors import ConfigError
from candlewick.moments import now_us
from candlewick.process.backoff import doubled

LONGEST_WAIT = 300.0
GIVE_UP_TRIES = 300
"""About a day of them."""
TIMEOUT_SECONDS = 10.0

log = structlog.get_logger(__name__)


def body_of(ring: Ring, form: str) -> bytes:
    """Write a ring as a receiver wants it: all of it, or `{"text": …}`, which Slack and Telegram take."""
    return msgspec.json.encode(ring if form == "json" else {"text": ring.text})


def wait_after(tries: int, asked: float = 0.0) -> float:
    """Seconds until a delivery that failed so many times is tried again."""
    return max(doubled(1.0, tries, LONGEST_WAIT), min(asked, 3_600.0))


def address_of(settings: AlertSettings) -> str | None:
    """Return the receiver's address; None without one. Raises `ConfigError` that never quotes it."""
    if not settings.webhook_file:
        return None
    where = f"alerts.webhook_file: {settings.webhook_file}"
    try:
        address = Path(settings.webhook_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: expected a file with an address, got {error}") from None
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.hostname or len(address.split()) != 1:
        raise ConfigError(f"{where}: expected one line, an address such as https://hooks.example.com/…")
    return address


class Webhook:
    """One receiver."""

    def __init__(self, address: str, form: str, book: AlertBook, now: Callable[[], int] = now_us) -> None:
        self._address, self._form, self._book, self._now = address, form, book, now

    async def run(self) -> None:
        """Deliver what is due until cancelled. Between a ring and the next, nobody asks the book."""
        wake, loop = asyncio.Event(), asyncio.get_running_loop()
        self._book.on_ring = partial(loop.call_soon_threadsafe, wake.set)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(trust_env=True, timeout=timeout) as session:
            while True:
                wake.clear()
                for delivery in await asyncio.to_thread(self._book.due, self._now()):
                    await self._deliver(session, delivery)
                due_at = await asyncio.to_thread(self._book.next_due)
                left = None if due_at is None else max(0.0, (due_at - self._now()) / 1e6)
                with suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), left)

    async def _deliver(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        key = delivery.ring.key
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        asked = 0.0
        try:
            body = body_of(delivery.ring, self._form)
            async with session.post(self._address, data=body, headers=headers, allow_redirects=False) as got:
                if 200 <= got.status < 300:
                    await asyncio.to_thread(self._book.delivered, key)
                    return
                answer, asked = f"status {got.status}", _seconds(got.headers.get("Retry-After"))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            answer = type(error).__name__  # its text may hold the address, which is a secret with many receivers
        await self._put_off(delivery, answer, asked)

    async def _put_off(self, delivery: Delivery, answer: str, asked: float) -> None:
        gives_up = delivery.tries + 1 >= GIVE_UP_TRIES
        due_at = 0 if gives_up else self._now() + int(wait_after(delivery.tries, asked) * 1e6)
        log.warning("alert not delivered", key=delivery.ring.key, tries=delivery.tries + 1, problem=answer)
        await asyncio.to_thread(self._book.put_off, delivery.ring.key, due_at, answer)


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdecimal() else 0.0
