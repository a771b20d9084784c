"""A local exchange that costs next to nothing, for loads on recorders: every one gets the same feed.

    python benchmarks/wire.py --symbols S000DEMO,S001DEMO --streams 9101 --rest 9102 --plan 5000x10,50000x10

It makes trades at the plan's pace (trades/s of all symbols together, times seconds), in turns over the symbols, and
sends each to every connection that wants it. Frames are written many at a time, so that what is measured is who reads
them; one that reads slowly is waited for, as TCP does. `--cut 22x2` ends every connection after 22 s and lets nobody in
for 2 s, while trades go on. The first trade comes when `POST /start` has been asked for. REST answers by id.
"""

import argparse
import asyncio
import struct
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import web
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_create_server

from candlewick.moments import MINUTE, now_us

FIRST_ID = 1_000_001
PRICES, QUANTITIES = 1_000, 9_999
TICK_SECONDS = 0.01
IN_FLIGHT = 4_000_000
"""Bytes written to a connection beyond what its reader took."""

Stage = tuple[float, float]
"""Trades/s, and for how many seconds."""


def price_of(trade_id: int) -> int:
    """The price of a trade, in hundredths."""
    return 5_000_000 + trade_id % PRICES


def quantity_of(trade_id: int) -> int:
    """The quantity of a trade, in hundred thousandths."""
    return trade_id % QUANTITIES + 1


def money(amount: int, places: int) -> str:
    """An amount in units of `10 ** -places` as a decimal with eight places."""
    digits = str(amount * 10 ** (8 - places)).rjust(9, "0")
    return f"{digits[:-8]}.{digits[-8:]}"


PRICE_TEXT = [money(price_of(number), 2) for number in range(PRICES)]
QUANTITY_TEXT = [money(quantity_of(number), 5) for number in range(QUANTITIES)]


class Tape:
    """The trades of one symbol: the time of each (µs); all else follows from its id."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.times = array("q")

    @property
    def last(self) -> int:
        """The newest id; the one before the first where there is none yet."""
        return FIRST_ID + len(self.times) - 1

    def ids_from(self, at_us: int) -> int:
        """The first id at or after a moment."""
        return FIRST_ID + bisect_left(self.times, at_us)

    def event(self, channel: str, trade_id: int) -> str:
        """What the stream sends of a trade."""
        at = self.times[trade_id - FIRST_ID]
        number = f'"a":{trade_id},"f":{trade_id},"l":{trade_id}' if channel == "aggTrade" else f'"t":{trade_id}'
        return (
            f'{{"e":"{channel}","E":{at},"s":"{self.symbol}",{number},'
            f'"p":"{PRICE_TEXT[trade_id % PRICES]}","q":"{QUANTITY_TEXT[trade_id % QUANTITIES]}",'
            f'"T":{at},"m":{"true" if trade_id & 1 else "false"},"M":true}}'
        )

    def row(self, trade_id: int) -> dict[str, object]:
        """What `historicalTrades` says of a trade."""
        quote = price_of(trade_id) * quantity_of(trade_id)
        return {
            "id": trade_id,
            "price": PRICE_TEXT[trade_id % PRICES],
            "qty": QUANTITY_TEXT[trade_id % QUANTITIES],
            "quoteQty": money(quote, 7),
            "time": self.times[trade_id - FIRST_ID],
            "isBuyerMaker": bool(trade_id & 1),
            "isBestMatch": True,
        }

    def aggregate(self, trade_id: int) -> dict[str, object]:
        """What `aggTrades` says of a trade."""
        row = self.row(trade_id)
        ids = {"a": trade_id, "f": trade_id, "l": trade_id}
        return ids | {"p": row["price"], "q": row["qty"], "T": row["time"], "m": row["isBuyerMaker"], "M": True}

    def candle(self, minute: int) -> list[object] | None:
        """What `klines` says of a minute; None of one before the first trade."""
        first, stop = self.ids_from(minute * MINUTE), self.ids_from((minute + 1) * MINUTE)
        if first == stop and first == FIRST_ID:
            return None
        ids = range(first, stop) if first < stop else range(first - 1, first)
        prices = [price_of(each) for each in ids]
        traded = [] if first == stop else [(quantity_of(each), price_of(each), each & 1) for each in ids]
        volume = sum(quantity for quantity, _, _ in traded)
        quote = sum(quantity * price for quantity, price, _ in traded)
        bought = [(quantity, price) for quantity, price, is_maker in traded if not is_maker]
        return [
            minute * MINUTE,
            *(money(each, 2) for each in (prices[0], max(prices), min(prices), prices[-1])),
            money(volume, 5),
            (minute + 1) * MINUTE - 1,
            money(quote, 7),
            len(traded),
            money(sum(quantity for quantity, _ in bought), 5),
            money(sum(quantity * price for quantity, price in bought), 7),
            "0",
        ]


def framed(text: str) -> bytes:
    """A text as an unmasked WebSocket frame."""
    body = text.encode()
    head = struct.pack("!BB", 0x81, len(body)) if len(body) < 126 else struct.pack("!BBH", 0x81, 126, len(body))
    return head + body


class Chunk:
    """The trades of a moment: first and last id of each symbol; frames are made when somebody wants them."""

    def __init__(self, spans: dict[str, tuple[int, int]]) -> None:
        self.spans = spans
        self.frames: dict[tuple[str, bool], bytes] = {}

    def of(self, stream: str, tape: Tape, *, is_combined: bool) -> bytes:
        """The frames of one stream."""
        found = self.frames.get((stream, is_combined))
        if found is None:
            found = self.frames[stream, is_combined] = self._made(stream, tape, is_combined=is_combined)
        return found

    def _made(self, stream: str, tape: Tape, *, is_combined: bool) -> bytes:
        first, last = self.spans[tape.symbol]
        channel = stream.partition("@")[2]
        events = (tape.event(channel, trade_id) for trade_id in range(first, last + 1))
        if is_combined:
            events = (f'{{"stream":"{stream}","data":{event}}}' for event in events)
        return b"".join(map(framed, events))


class Subscriber(WSListener):
    """One connection and the streams that it wants."""

    def __init__(self, wire: "Wire", streams: list[str], *, is_combined: bool) -> None:
        self._wire = wire
        self._wanted = [(stream, wire.tapes[stream.partition("@")[0].upper()]) for stream in streams]
        self._is_combined = is_combined
        self.at = wire.end
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Called by picows after the handshake."""
        self.transport = transport
        self._wire.subscribers.add(self)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Called by picows at the end."""
        self._wire.subscribers.discard(self)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Called by picows for what the client sends: its pings are answered, its close is one."""
        if frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def pause_writing(self) -> None:
        """Called by picows for a slow reader, whom `pump` waits for."""

    def resume_writing(self) -> None:
        """Called by picows when it has read."""

    def pump(self) -> None:
        """Write what it has not got yet, as far as it reads."""
        assert self.transport is not None
        socket = self.transport.underlying_transport
        while self.at < self._wire.end and socket.get_write_buffer_size() < IN_FLIGHT:
            chunk = self._wire.chunks[self.at - self._wire.start]
            socket.write(
                b"".join(
                    chunk.of(stream, tape, is_combined=self._is_combined)
                    for stream, tape in self._wanted
                    if tape.symbol in chunk.spans
                )
            )
            self.at += 1


class Wire:
    """All of it: tapes, chunks that somebody still wants, subscribers."""

    def __init__(self, symbols: list[str], plan: list[Stage], cut: Stage | None) -> None:
        self.tapes = {symbol: Tape(symbol) for symbol in symbols}
        self.chunks: list[Chunk] = []
        self.start = 0
        self.subscribers: set[Subscriber] = set()
        self.started = asyncio.Event()
        self.is_over = False
        self._plan, self._cut = plan, cut
        self._made = 0

    @property
    def end(self) -> int:
        """The number of the chunk that comes next."""
        return self.start + len(self.chunks)

    async def run(self, host: str, streams: int) -> None:
        """Let subscribers in, and send them what the plan says."""
        server = await ws_create_server(self._let_in, host, streams)
        await self.started.wait()
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            passed = loop.time() - began
            if self._cut and self._cut[0] <= passed:
                server.close()
                if passed >= sum(self._cut):
                    server = await ws_create_server(self._let_in, host, streams)
                    self._cut = None
                for one in list(self.subscribers) if self._cut else ():
                    assert one.transport is not None
                    one.transport.underlying_transport.abort()
            self._make(passed)
            self._send()
            await asyncio.sleep(max(0.0, TICK_SECONDS - (loop.time() - began - passed)))

    def _let_in(self, request: WSUpgradeRequest) -> Subscriber | None:
        url = urlsplit(request.path.decode())
        is_combined = url.path.startswith("/stream")
        named = parse_qs(url.query).get("streams", [""])[0] if is_combined else unquote(url.path).removeprefix("/ws/")
        streams = [each for each in named.split("/") if each.endswith(("@trade", "@aggTrade"))]
        if any(stream.partition("@")[0].upper() not in self.tapes for stream in streams):
            return None
        return Subscriber(self, streams, is_combined=is_combined)

    def _make(self, passed: float) -> None:
        due, left = 0.0, passed
        for rate, seconds in self._plan:
            due += rate * min(left, seconds)
            left = max(0.0, left - seconds)
        count = round(due) - self._made
        self.is_over = left > 0 and count <= 0
        if count <= 0:
            return
        now, symbols = now_us(), list(self.tapes.values())
        firsts = {tape.symbol: tape.last + 1 for tape in symbols}
        for number in range(self._made, self._made + count):
            symbols[number % len(symbols)].times.append(now)
        self._made += count
        spans = {tape.symbol: (firsts[tape.symbol], tape.last) for tape in symbols if tape.last >= firsts[tape.symbol]}
        self.chunks.append(Chunk(spans))

    def _send(self) -> None:
        for one in list(self.subscribers):
            one.pump()
        wanted = min((one.at for one in self.subscribers), default=self.end)
        del self.chunks[: wanted - self.start]
        self.start = wanted

    def routes(self) -> Iterator[web.RouteDef]:
        """What REST answers."""
        yield web.post("/start", self._answer_start)
        yield web.get("/made", self._answer_made)
        for version in ("/api/v3", "/api/v1"):
            yield web.get(f"{version}/ping", _answer_ping)
            yield web.get(f"{version}/time", _answer_time)
            yield web.get(f"{version}/exchangeInfo", self._answer_info)
            yield web.get(f"{version}/historicalTrades", self._answer_trades)
            yield web.get(f"{version}/aggTrades", self._answer_aggregates)
            yield web.get(f"{version}/klines", self._answer_klines)

    async def _answer_start(self, request: web.Request) -> web.Response:
        self.started.set()
        return web.json_response({})

    async def _answer_made(self, request: web.Request) -> web.Response:
        lasts = {symbol: tape.last for symbol, tape in self.tapes.items()}
        waiting = self.end - self.start
        return web.json_response(
            {
                "made": self._made,
                "is_over": self.is_over,
                "connections": len(self.subscribers),
                "unsent_chunks": waiting,
                "first": FIRST_ID,
                "last": lasts,
            }
        )

    async def _answer_info(self, request: web.Request) -> web.Response:
        limit = {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 1_000_000}
        filters = [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01000000"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001000"},
        ]
        symbols = [
            {
                "symbol": symbol,
                "status": "TRADING",
                "baseAsset": symbol[:-4],
                "quoteAsset": symbol[-4:],
                "filters": filters,
            }
            for symbol in self.tapes
        ]
        return web.json_response({"rateLimits": [limit], "symbols": symbols}, headers=DEMO)

    async def _answer_trades(self, request: web.Request) -> web.Response:
        tape, limit = self._asked(request)
        first = int(request.query.get("fromId", max(FIRST_ID, tape.last - limit + 1)))
        ids = range(max(first, FIRST_ID), min(first + limit, tape.last + 1))
        return web.json_response([tape.row(each) for each in ids], headers=DEMO)

    async def _answer_aggregates(self, request: web.Request) -> web.Response:
        tape, limit = self._asked(request)
        if "startTime" in request.query:
            first = tape.ids_from(int(request.query["startTime"]) * 1_000)
            ids = range(first, min(first + limit, tape.last + 1))
        else:
            stop = tape.last + 1
            if "endTime" in request.query:
                stop = tape.ids_from(int(request.query["endTime"]) * 1_000 + 1)
            ids = range(max(FIRST_ID, stop - limit), stop)
        return web.json_response([tape.aggregate(each) for each in ids], headers=DEMO)

    async def _answer_klines(self, request: web.Request) -> web.Response:
        tape, limit = self._asked(request)
        first = -(-int(request.query["startTime"]) * 1_000 // MINUTE)
        last = min(int(request.query["endTime"]) * 1_000 // MINUTE, now_us() // MINUTE)
        candles = [tape.candle(minute) for minute in range(first, min(last + 1, first + limit))]
        return web.json_response([each for each in candles if each], headers=DEMO)

    def _asked(self, request: web.Request) -> tuple[Tape, int]:
        return self.tapes[request.query["symbol"]], int(request.query.get("limit", 500))


DEMO = {"X-Candlewick-Exchange": "demo"}


async def _answer_ping(request: web.Request) -> web.Response:
    return web.json_response({}, headers=DEMO)


async def _answer_time(request: web.Request) -> web.Response:
    return web.json_response({"serverTime": now_us()}, headers=DEMO)


def stages(text: str) -> list[Stage]:
    """Read `5000x10,50000x10`."""
    parts = [each.split("x") for each in text.split(",")]
    return [(float(rate), float(seconds)) for rate, seconds in parts]


async def serve(options: argparse.Namespace) -> None:
    """Serve until ended, an hour at most."""
    cut = stages(options.cut)[0] if options.cut else None
    wire = Wire(options.symbols.split(","), stages(options.plan), cut)
    app = web.Application()
    app.add_routes(list(wire.routes()))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.rest).start()
    async with asyncio.timeout(3_600):
        await wire.run("127.0.0.1", options.streams)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--symbols", required=True)
    parser.add_argument("--streams", type=int, required=True, help="port of the WebSocket")
    parser.add_argument("--rest", type=int, required=True, help="port of REST")
    parser.add_argument("--plan", required=True)
    parser.add_argument("--cut", default="")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
