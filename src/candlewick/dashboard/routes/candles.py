"""`/api/candles` and `/api/day`: history by HTTP, as columns of exact decimals."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from candlewick.dashboard.reads import Reads
from candlewick.dashboard.routes.answers import answering, json_answer, written_answer
from candlewick.dashboard.routes.catalogue import Catalogue
from candlewick.dashboard.routes.columns import array, columns_json, plain
from candlewick.dashboard.routes.kept import Kept, Written
from candlewick.mart.rolling import largest_page
from candlewick.moments import instant
from candlewick.warehouse.contract import Viewed

MOST_WATCHED = 100
COLUMNS = {
    "o": "open",
    "h": "high",
    "l": "low",
    "c": "close",
    "v": "volume",
    "q": "quote_volume",
    "n": "trade_count",
    "b": "taker_buy_volume",
}


class Api:
    """The HTTP routes over a reader of the warehouse."""

    def __init__(self, reader: Viewed, reads: Reads, catalogue: Catalogue) -> None:
        self._reader, self._reads, self._catalogue = reader, reads, catalogue
        self._kept = Kept()

    def routes(self) -> list[Route]:
        """The routes to add to the server."""
        return [
            Route("/api/candles", answering(self.candles), methods=["GET"]),
            Route("/api/day", answering(self.day), methods=["GET"]),
            Route("/api/watchlist", answering(self.watchlist), methods=["GET"]),
        ]

    async def candles(self, request: Request) -> Response:
        """`?symbol=&timeframe=&limit=&before=&since=`: candles with since <= time < before (s), the newest `limit`.

        `more` says whether older ones exist. `t` are open times, `o h l c` prices, `v` the volume, `q` that of the
        quote, `n` trades, `b` what takers bought, `x` what a bar is: 0 forming, 1 closed, 2 closed and complete.
        """
        asked, catalogue = request.query_params, self._catalogue
        symbol, timeframe = catalogue.symbol(asked.get("symbol")), catalogue.timeframe(asked.get("timeframe"))
        limit = min(catalogue.limit(asked.get("limit")), largest_page(timeframe))
        since = catalogue.second("since", asked.get("since"))
        before = catalogue.second("before", asked.get("before"))
        start, end = (None if at is None else instant(at) for at in (since, before))

        def work_out() -> str:
            return candles_json(self._reader.candles(symbol, timeframe, start, end, limit + 1), limit)

        return written_answer(request, await self._answer((symbol, timeframe, start, end, limit), work_out))

    async def _answer(self, question: object, work_out: Callable[[], str]) -> Written:
        return await self._kept.given(self._reads, self._reader.current().version, question, work_out)

    async def day(self, request: Request) -> Response:
        """`?symbol=`: open, high, low, volume and trades of the newest 24 hours, and since when they count."""
        symbol = self._catalogue.symbol(request.query_params.get("symbol"))
        return json_answer(await self._reads(day_json, self._reader, symbol))

    async def watchlist(self, request: Request) -> Response:
        """`?symbol=&symbol=…`: the newest 24 hours of each: its prices, its volume, and a close every half hour."""
        named = request.query_params.getlist("symbol")[:MOST_WATCHED]
        symbols = tuple(self._catalogue.symbol(symbol) for symbol in named)

        answer = await self._answer(("watchlist", symbols), lambda: watchlist_json(self._reader, symbols))
        return written_answer(request, answer)


def watchlist_json(reader: Viewed, symbols: Sequence[str]) -> str:
    """Write what a list of symbols shows of each; null for one without candles."""
    return json.dumps({symbol: _watched(reader, symbol) for symbol in symbols}, separators=(",", ":"))


def _watched(reader: Viewed, symbol: str) -> dict[str, Any] | None:
    newest = reader.candles(symbol, "1m", None, None, 1)
    if not newest.num_rows:
        return None
    since: datetime = newest.column("open_time")[0].as_py() - timedelta(days=1) + timedelta(minutes=1)
    first = reader.candles(symbol, "1m", since, since + timedelta(hours=1), None).slice(0, 1)
    halves = reader.candles(symbol, "30m", since, None, None)
    opened = (first if first.num_rows else halves.slice(0, 1) if halves.num_rows else newest).column("open")[0].as_py()
    amounts = {"last": newest.column("close")[0].as_py(), "open": opened}
    closes = [*halves.column("close").to_pylist(), amounts["last"]]
    volume = halves.column("volume").to_pylist()
    return {name: plain(amount) for name, amount in amounts.items()} | {
        "volume": plain(sum(volume, Decimal(0))),
        "spark": [plain(close) for close in closes],
    }


def candles_json(table: pa.Table, limit: int) -> str:
    """Write a page of gold candles; `table` may hold one more, older than the page, which says that there are more."""
    page = table.slice(max(0, table.num_rows - limit))
    head = f'{{"more":{"true" if page.num_rows < table.num_rows else "false"},"x":{_states(page)},'
    return head + columns_json(page, COLUMNS)[1:]


def day_json(reader: Viewed, symbol: str) -> str:
    """Write what the newest 24 hours of one-minute candles brought, or `{"t":null}` where there are none."""
    newest = reader.candles(symbol, "1m", None, None, 1)
    if not newest.num_rows:
        return '{"t":null}'
    until: datetime = newest.column("open_time")[0].as_py()
    minutes = reader.candles(symbol, "1m", until - timedelta(days=1) + timedelta(minutes=1), None, None)
    day = {
        "open_time": minutes.column("open_time")[:1],
        "open": minutes.column("open")[:1],
        "high": [pc.max(minutes.column("high"))],
        "low": [pc.min(minutes.column("low"))],
        "volume": [pc.sum(minutes.column("volume"))],
        "trade_count": [pc.sum(minutes.column("trade_count"))],
    }
    return columns_json(pa.table(day), {"o": "open", "h": "high", "l": "low", "v": "volume", "n": "trade_count"})


def _states(page: pa.Table) -> str:
    complete, closed = (page.column(name).cast(pa.int8()) for name in ("is_complete", "is_closed"))
    return array(pc.add(complete, closed))
