"""What the exchange answers: each host alone, its clock, its limits, and whether ids are without gaps."""

import asyncio
import time
from collections.abc import Awaitable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from picows import WSError

from candlewick.binance.archive import Archive
from candlewick.binance.budget import WeightBudget
from candlewick.binance.connection import connect
from candlewick.binance.reach import proxy_for, unreached
from candlewick.binance.rest import PAGE, Rest
from candlewick.binance.stream import stream_url
from candlewick.config import Settings
from candlewick.errors import BlockedRegionError, CandlewickError, NotServedError
from candlewick.moments import micros, now_us
from candlewick.process.disk import in_words
from candlewick.setup.checks.answers import Answer, Found
from candlewick.trade import Kline, Trade

FIRST_EVENT_SECONDS = 15.0
"""How long a stream may be quiet: candles are pushed every two seconds."""
FARTHEST_CLOCK_SECONDS = 1.0
DAYS_BACK = 2
"""Which day the archive is asked for: yesterday's file may still be to come."""
_ELSEWHERE = "run it in a place that the exchange serves; nothing here can change that"


def ask(settings: Settings) -> Iterator[Answer]:
    """Ask the exchange everything, one after the other."""
    hosts = settings.exchange
    for host in hosts.rest:
        yield _answer(settings, host, f"REST {_name(host)}", _rest(settings, host))
    for host in hosts.streams:
        yield _answer(settings, host, f"streams {_name(host)}", _stream(settings, host))
    yield _answer(settings, hosts.archive, f"archive {_name(hosts.archive)}", _archive(settings))
    yield _answer(settings, hosts.rest[0], "clock", _clock(settings))
    yield _answer(settings, hosts.rest[0], "limits", _limits(settings))
    for symbol in settings.symbols:
        yield _answer(settings, hosts.rest[0], f"ids of {symbol}", _ids(settings, symbol))


def _answer(settings: Settings, host: str, what: str, check: Awaitable[Found]) -> Answer:
    try:
        return Answer(what, *asyncio.run(_awaited(check)))
    except BlockedRegionError as error:
        return Answer(what, "wrong", str(error), _ELSEWHERE)
    except CandlewickError as error:
        return Answer(what, "wrong", str(error), _way_out(settings, host, str(error)))


async def _awaited(check: Awaitable[Found]) -> Found:
    return await check


def _way_out(settings: Settings, url: str, problem: str) -> str:
    if "certificate" in problem:
        return "set SSL_CERT_FILE to your authority's certificates"
    if "reached" not in problem:
        return ""
    proxy = _proxy(settings, url)
    if not proxy:
        return "open the way to it, or name a proxy: `exchange.proxy`, HTTPS_PROXY"
    if "407" in problem:
        return f"give the proxy who you are: `exchange.proxy` or HTTPS_PROXY = http://user:password@{proxy}"
    return f"have the proxy {proxy} let CONNECT to it through, or set another one, or none: HTTPS_PROXY, NO_PROXY"


def _name(url: str) -> str:
    return url.partition("://")[2]


def _proxy(settings: Settings, url: str) -> str:
    """The proxy on the way to a host, without who asks it; empty for none."""
    proxy = proxy_for(url, settings.exchange.proxy)
    return _name(proxy).rpartition("@")[2] if proxy else ""


def _through(settings: Settings, url: str) -> str:
    proxy = _proxy(settings, url)
    return f", through the proxy {proxy}" if proxy else ""


def _client(settings: Settings, *hosts: str) -> Rest:
    return Rest(hosts or settings.exchange.rest, WeightBudget(), attempts=1, proxy=settings.exchange.proxy)


async def _rest(settings: Settings, host: str) -> Found:
    async with _client(settings, host) as rest:
        started = time.monotonic()
        await rest.server_time()
        told = f"answers in {(time.monotonic() - started) * 1e3:.0f} ms{_through(settings, host)}"
        try:
            await rest.historical_trades(settings.symbols[0], 0, 1)
        except NotServedError:
            if len(settings.exchange.rest) == 1:
                return "wrong", f"{told}; it gives no trades by id", "name a host that does in `exchange.rest`"
            told += "; it gives no trades by id, another one has to"
    return "ok", told


async def _stream(settings: Settings, host: str) -> Found:
    first: asyncio.Queue[tuple[Trade | Kline, int]] = asyncio.Queue(maxsize=1)

    def take(_event: bytes, decoded: Trade | Kline, received_at: int) -> None:
        if first.empty():
            first.put_nowait((decoded, received_at))

    url = stream_url(host, settings.symbols[:10])
    started = time.monotonic()
    try:
        connection = await connect(url, take, lambda: None, proxy_for(url, settings.exchange.proxy))
    except (OSError, WSError) as error:
        if isinstance(error, WSError) and "451" in str(error):
            return "wrong", f"{_name(host)}: 451: the exchange does not serve this place", _ELSEWHERE
        problem = unreached(url, error)
        return "wrong", problem, _way_out(settings, url, problem)
    opened = time.monotonic() - started
    try:
        async with asyncio.timeout(FIRST_EVENT_SECONDS):
            await first.get()
    except TimeoutError:
        return "wrong", f"opened in {opened * 1e3:.0f} ms, and nothing came in {FIRST_EVENT_SECONDS:g} s", "ask again"
    finally:
        connection.drop()
    waited = time.monotonic() - started - opened
    return "ok", f"opened in {opened * 1e3:.0f} ms, first event {waited:.1f} s later{_through(settings, host)}"


async def _archive(settings: Settings) -> Found:
    day = datetime.now(UTC).date() - timedelta(days=DAYS_BACK)
    symbol = settings.symbols[0]
    async with Archive(settings.exchange.archive, attempts=1, proxy=settings.exchange.proxy) as archive:
        offer = await archive.offer(symbol, day)
    if offer is None:
        return "unknown", f"answers, and has no file of {symbol} on {day}"
    return "ok", f"has {symbol} on {day}: {in_words(offer.byte_count)}"


async def _clock(settings: Settings) -> Found:
    async with _client(settings) as rest:
        time_there = await rest.server_time()
    seconds, about = time_there.offset / 1e6, time_there.uncertainty / 1e6
    told = f"{abs(seconds):.3f} s {'behind' if seconds > 0 else 'ahead of'} the exchange's, ± {about:.3f} s"
    if abs(seconds) - about > FARTHEST_CLOCK_SECONDS:
        return "wrong", told, "set this machine's clock by NTP: freshness and object names go by it"
    return "ok", told


async def _limits(settings: Settings) -> Found:
    async with _client(settings) as rest:
        info = await rest.exchange_info(settings.symbols)
        used = rest.budget.used_by_all
    if info.weight_per_minute is None:
        return "unknown", "the exchange names no weight a minute"
    return "ok", f"{info.weight_per_minute:,} of weight a minute for this address, {used:,} used; we spend half at most"


async def _ids(settings: Settings, symbol: str) -> Found:
    async with _client(settings) as rest:
        head = await rest.head(symbol)
        if head is None:
            return "unknown", "it has not traded yet"
        rows = await rest.historical_trades(symbol, max(head - PAGE + 1, 0))
    if not rows:
        return "unknown", f"REST's database does not have {head} yet", "ask again"
    ids = [row.id for row in rows]
    gaps = sum(after != before + 1 for before, after in pairwise(ids))
    told = f"{len(ids):,} trades, {ids[0]} to {ids[-1]}"
    if gaps:
        return "wrong", f"{told}, with {gaps} gaps", "tell us: completeness rests on ids without gaps"
    age = (now_us() - micros(rows[-1].time)) / 1e6
    return "ok", f"{told}, no gap; the newest is {age:.0f} s old"
