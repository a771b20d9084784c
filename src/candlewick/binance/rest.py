"""Binance's public spot REST, as far as a tape needs it. Source: Binance rest-api, 'Market data endpoints'.

Every request draws its weight from one budget, is tried a few times with growing, jittered pauses where the exchange
cannot be reached (capped in number and in time), and goes to the next host after a fault.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
import stamina
import structlog

from candlewick.binance.budget import WeightBudget
from candlewick.binance.hosts import Hosts
from candlewick.binance.reach import proxy_for, unreached
from candlewick.binance.rows import AggTradeRow, ExchangeInfo, KlineRow, Time, TradeRow, problem_of, read
from candlewick.errors import (
    BlockedRegionError,
    ExchangeError,
    MalformedFrameError,
    NotHereError,
    NotServedError,
    RateLimitedError,
    UnknownSymbolError,
    UnreachableError,
)
from candlewick.moments import micros, now_us
from candlewick.spans import Range

PAGE = 1_000
"""The most rows that one request for trades or candles returns."""
NAMED_AT_MOST = 100
"""The most symbols that one request for the exchange's rules names; for more, all are asked for."""
WEIGHTS = {"time": 1, "exchangeInfo": 20, "historicalTrades": 25, "aggTrades": 4, "klines": 2}
DEFAULT_RETRY_AFTER = 60.0
SHORTEST_RETRY_AFTER = 1.0
LONGEST_RETRY_AFTER = 4 * 86_400.0
"""Seconds; the longest ban that Binance documents is three days."""
FORBIDDEN_PAUSE = 5.0
_UNKNOWN_SYMBOL = -1121
_NOT_EVERYWHERE = "historicalTrades"
"""The one endpoint that some hosts do not serve."""
_KEY_WANTED = {-2014, -2015}
_PASSING = {-1000, -1001, -1006, -1007, -1008, -1016}
"""Codes of faults of a host's own: unknown, disconnected, unexpected, timed out, overloaded, shutting down.

They may come with any status, 408 for one. Source: Binance 'Errors'.
"""
_TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5)
_HEADERS = {"X-MBX-TIME-UNIT": "MICROSECOND", "Accept-Encoding": "gzip"}

log = structlog.get_logger()
T = TypeVar("T")


class ServerTime(NamedTuple):
    """How far the exchange's clock is ahead of ours (µs), and how far off that may be at most (µs)."""

    offset: int
    uncertainty: int


class Rest:
    """A client for one or more hosts of one exchange, and the one budget of this process.

    `was_limited` says that the exchange refused for its limits, which may not be what they were when they were read;
    `limited` is set at each such refusal. `other_quote_amounts` counts trades whose own quote amount is not what the
    warehouse makes of price and quantity.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        budget: WeightBudget,
        *,
        attempts: int = 5,
        proxy: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget = budget
        self.is_demo = False
        self.was_limited = False
        self.limited = asyncio.Event()
        self.requests = 0
        self.other_quote_amounts = 0
        self._hosts = Hosts(hosts)
        self._attempts = attempts
        self._proxy = proxy
        self._clock = clock
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, headers=_HEADERS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self._session.close()

    @contextmanager
    def one_attempt(self) -> Iterator[None]:
        """Within, a request that fails is not tried again: for who tells of each failure, and when it asks next."""
        attempts, self._attempts = self._attempts, 1
        try:
            yield
        finally:
            self._attempts = attempts

    @property
    def failures(self) -> int:
        """How many requests a host failed to answer."""
        return self._hosts.failures

    async def exchange_info(self, symbols: Sequence[str], *, everything: bool = False) -> ExchangeInfo:
        """Return the exchange's limits, and make them the budget's; with its rules of `symbols`, or of `everything`.

        Raises `UnknownSymbolError` naming the symbol.
        """
        is_named = not everything and len(symbols) <= NAMED_AT_MOST
        try:
            info = await self._exchange_info(symbols if is_named else None)
        except UnknownSymbolError:
            await self._name_the_unknown(symbols)
            raise
        known = {each.symbol for each in info.symbols}
        if unknown := [symbol for symbol in symbols if symbol not in known]:
            raise self._unknown(unknown[0])
        if limit := info.weight_per_minute:
            self.budget.limit = limit
        self.was_limited = False
        return info

    async def server_time(self) -> ServerTime:
        """Estimate the exchange's clock from one question and its answer."""
        before = now_us()
        answer = await self._get("time", {}, Time)
        after = now_us()
        return ServerTime(micros(answer.server_time) - (before + after) // 2, (after - before) // 2)

    async def historical_trades(self, symbol: str, from_id: int, limit: int = PAGE) -> list[TradeRow]:
        """Return up to `limit` trades from `from_id` on, by id. Empty or short at the head: they are not there yet."""
        query = {"symbol": symbol, "fromId": str(from_id), "limit": str(limit)}
        rows = await self._get("historicalTrades", query, list[TradeRow])
        self._note_quote_amounts(symbol, rows)
        return rows

    async def head(self, symbol: str) -> int | None:
        """Return the newest trade id that REST knows; None before the first trade."""
        rows = await self._get("aggTrades", {"symbol": symbol, "limit": "1"}, list[AggTradeRow], can_wait=True)
        return rows[-1].last_id if rows else None

    async def first_at(self, symbol: str, time_us: int) -> AggTradeRow | None:
        """Return the first aggregate of trades at or after a moment; None where there is none yet.

        Rows that the exchange marked as void (first id -1; its changelog of 2022-04-12) are passed over.
        """
        query = {"symbol": symbol, "startTime": str(time_us // 1_000), "limit": "100"}
        rows = await self._get("aggTrades", query, list[AggTradeRow])
        return next((row for row in rows if row.first_id >= 0), None)

    async def aggregates_show(self, symbol: str, ids: Range, until_us: int) -> bool:
        """Whether the newest aggregates up to a moment show some of the ids: one begins or ends with them."""
        query = {"symbol": symbol, "endTime": str(-(-until_us // 1_000)), "limit": str(PAGE)}
        rows = await self._get("aggTrades", query, list[AggTradeRow])
        return any(ids[0] <= each <= ids[1] for row in rows for each in (row.first_id, row.last_id))

    async def klines(self, symbol: str, interval: str, first_us: int, last_us: int) -> list[KlineRow]:
        """Return the candles that open in `first_us..last_us`, the oldest thousand. It waits for what is more urgent.

        The last one may still be forming; the newest ones may not be there yet.
        """
        query = {"symbol": symbol, "interval": interval, "limit": str(PAGE)}
        query |= {"startTime": str(-(-first_us // 1_000)), "endTime": str(last_us // 1_000)}
        return await self._get("klines", query, list[KlineRow], can_wait=True)

    def _note_quote_amounts(self, symbol: str, rows: list[TradeRow]) -> None:
        """Count the rows whose own quote amount is not what the warehouse makes of them."""
        other = [row for row in rows if row.has_other_quote_amount]
        if other and not self.other_quote_amounts:
            log.warning("quote amounts are not cut as expected", symbol=symbol, trade=other[0])
        self.other_quote_amounts += len(other)

    async def _exchange_info(self, symbols: Sequence[str] | None) -> ExchangeInfo:
        query = {} if symbols is None else {"symbols": msgspec.json.encode(list(symbols)).decode()}
        return await self._get("exchangeInfo", query, ExchangeInfo)

    async def _name_the_unknown(self, symbols: Sequence[str]) -> None:
        for symbol in symbols:
            try:
                await self._exchange_info([symbol])
            except UnknownSymbolError:
                raise self._unknown(symbol) from None

    def _unknown(self, symbol: str) -> UnknownSymbolError:
        place = urlsplit(self._hosts.first).netloc
        text = f"symbols: {place} does not know {symbol!r}; it lists them at /api/v3/exchangeInfo"
        return UnknownSymbolError(text, symbol)

    async def _get(self, endpoint: str, query: dict[str, str], kind: type[T], *, can_wait: bool = False) -> T:
        retries = stamina.retry_context(
            on=(UnreachableError, RateLimitedError), attempts=self._attempts, timeout=60, wait_initial=0.2, wait_max=10
        )
        refused: set[str] = set()
        async for attempt in retries:
            with attempt:
                await self._draw(WEIGHTS[endpoint], can_wait=can_wait)
                host = self._hosts.first
                try:
                    return await self._ask_once(endpoint, query, kind)
                except NotHereError as error:
                    refused.add(host)
                    if endpoint == _NOT_EVERYWHERE and len(refused) == min(len(self._hosts), self._attempts):
                        raise NotServedError(f"no host gives trades by id without a key: {error}") from None
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _draw(self, weight: int, *, can_wait: bool) -> None:
        """Wait until the budget has the weight, and take it."""
        while (wait := self.budget.wait(weight, self._clock(), can_wait=can_wait)) > 0:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(wait)
        self.budget.spend(weight, self._clock())
        self.requests += 1

    async def _ask_once(self, endpoint: str, query: dict[str, str], kind: type[T]) -> T:
        host = self._hosts.first
        try:
            answer = await self._fetch(f"{host}/api/v3/{endpoint}", query, kind)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            self._pass_over(host)
            raise UnreachableError(unreached(host, error)) from None
        except (aiohttp.ClientError, TimeoutError, MalformedFrameError) as error:
            reason = str(error) or type(error).__name__
            self._pass_over(host)
            raise UnreachableError(f"{host}: no usable answer to {endpoint}: {reason}") from None
        except BlockedRegionError as error:
            self._hosts.blocked(host)
            self._pass_over(host)
            raise error if self._hosts.are_all_blocked else UnreachableError(str(error)) from None
        except UnreachableError:
            self._pass_over(host)
            raise
        self._hosts.answered(host)
        return answer

    async def _fetch(self, url: str, query: dict[str, str], kind: type[T]) -> T:
        async with self._session.get(url, params=query, proxy=proxy_for(url, self._proxy)) as answer:
            body = await answer.read()
            self._observe(answer)
            if answer.status != 200:
                raise self._refusal(answer, body)
            return read(body, kind)

    def _observe(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status == 200:
            self.is_demo = answer.headers.get("X-Candlewick-Exchange") == "demo"
        used = answer.headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isdecimal():
            self.budget.observe(int(used), self._clock())

    def _refusal(self, answer: aiohttp.ClientResponse, body: bytes) -> ExchangeError:
        """Return the error that an answer stands for; a pause that it asks for begins at once."""
        place = f"{answer.url.authority}{answer.url.path}"
        problem = problem_of(body)
        if answer.status in (418, 429):
            return self._rate_limited(answer, place)
        if answer.status == 451:
            return BlockedRegionError(
                f"{place}: 451: the exchange does not serve the place this machine is in; run it where it does"
            )
        if answer.status == 403:  # its firewall: who goes on is banned
            self.budget.pause(FORBIDDEN_PAUSE, self._clock())
        if problem.code == _UNKNOWN_SYMBOL:
            return UnknownSymbolError(f"{place}: {problem.msg} (-1121)")
        words = problem.msg or repr(body[:200])
        # Not every host serves every endpoint (data-api.binance.vision has no historicalTrades, others want a key for
        # it): ask the next one.
        is_elsewhere = answer.status in (401, 404) or problem.code in _KEY_WANTED
        is_passing = answer.status >= 500 or answer.status in (403, 408) or problem.code in _PASSING
        kind = NotHereError if is_elsewhere else UnreachableError if is_passing else ExchangeError
        return kind(f"{place}: expected 200, got {answer.status}: {words} ({problem.code})")

    def _rate_limited(self, answer: aiohttp.ClientResponse, place: str) -> RateLimitedError:
        seconds = retry_after(answer.headers.get("Retry-After"), time.time())
        self.budget.pause(seconds, self._clock())
        self.was_limited = True
        self.limited.set()
        log.warning("rate limited", place=place, status=answer.status, wait_seconds=seconds)
        return RateLimitedError(
            f"{place}: {answer.status}: asked us to wait {seconds:.0f} s",
            retry_after=seconds,
            banned=answer.status == 418,
        )

    def _pass_over(self, host: str) -> None:
        """Ask another host next; where none answers, let everyone wait a while."""
        self.budget.pause(self._hosts.failed(host), self._clock())


def retry_after(header: str | None, now: float) -> float:
    """Return the seconds that a `Retry-After` asks for: a number, or an HTTP date; one minute where it is neither."""
    if header is None:
        return DEFAULT_RETRY_AFTER
    try:
        seconds = float(header)
    except ValueError:
        seconds = _until(header, now)
    if not math.isfinite(seconds):
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, SHORTEST_RETRY_AFTER), LONGEST_RETRY_AFTER)


def _until(date: str, now: float) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return math.nan
