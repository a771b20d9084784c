"""The local exchange's server: one port for WebSocket, REST and archive."""

import asyncio
import contextlib
import errno
import signal
from typing import Self

import structlog
from aiohttp import web

from candlewick.errors import CandlewickError, PortTakenError
from candlewick.fake_binance.faults import Faults, Script
from candlewick.fake_binance.faults.schedule import parse
from candlewick.fake_binance.market.market import Market
from candlewick.fake_binance.server import venue
from candlewick.fake_binance.server.archive import Archive
from candlewick.fake_binance.server.control import Control
from candlewick.fake_binance.server.hub import Hub
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.player import Player
from candlewick.fake_binance.server.rest import Rest
from candlewick.fake_binance.server.timeline import Step
from candlewick.fake_binance.server.weights import Weights
from candlewick.process.heartbeat import Heartbeat

MARK = ("X-Candlewick-Exchange", "demo")
"""On every answer, so that a recorder never takes this for the real exchange."""

_BEAT_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class Exchange:
    """A running exchange, as an async context manager. Port 0 takes a free one: `port` says which.

    `venue` knows what is public by now; `market` is the whole truth, future included. A `Script` of faults has its
    control endpoint; `faults` overrides what the options ask for.
    """

    def __init__(self, options: ExchangeOptions, faults: Faults | None = None) -> None:
        self.options = options
        self.port = options.port
        self.faults = faults or _faults(options)
        self.venue = venue.make(options, self.faults)
        self.weights = Weights(options.weight_limit)
        self.hub = Hub(self.venue, options, self.faults)
        self.finished = False
        self._app = web.Application()
        self._app.add_routes(self.hub.routes())
        self._app.add_routes(Rest(self.venue, self.weights, self.faults).routes())
        self._archive = Archive(self.venue, self.faults)
        self._app.add_routes(self._archive.routes())
        if isinstance(self.faults, Script):
            self._app.add_routes(Control(self.faults).routes())
        self._app.on_response_prepare.append(_mark)
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=2.0)
        self._site: web.TCPSite | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def market(self) -> Market:
        """What is true, past and future."""
        return self.venue.market

    @property
    def rest_url(self) -> str:
        """The address of REST and of the archive."""
        return f"http://{self.options.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """The address of the WebSocket streams."""
        return f"ws://{self.options.host}:{self.port}"

    def head(self, symbol: str) -> int:
        """Return the newest public trade id of a symbol."""
        return self.venue.head(symbol)

    async def start(self) -> None:
        """Listen, and let time pass. Raises `PortTakenError`."""
        await self._runner.setup()
        try:
            await self._listen(True)
        except OSError as error:
            await self._runner.cleanup()
            raise _cannot_listen(self.options, error) from None
        self.port = int(self._runner.addresses[0][1])
        self._tasks = [asyncio.create_task(self._publish(), name="publish")]
        if isinstance(self.faults, Script):
            self._tasks.append(asyncio.create_task(Player(self.faults, self.hub, self._listen).run(), name="faults"))

    async def stop(self) -> None:
        """End all connections and stop listening."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.hub.close()
        await self._archive.close()
        await self._runner.cleanup()

    async def wait_finished(self) -> None:
        """Wait until clients have been sent a replay's last event; a synthetic market never ends."""
        if self._tasks:
            await asyncio.shield(self._tasks[0])

    def check(self) -> None:
        """Raise what stopped the market's time, if anything did."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()

    def numbers(self) -> dict[str, object]:
        """Return what a heartbeat says."""
        return {
            "state": "finished" if self.finished else "open" if self.venue.is_open else "waiting",
            "now": self.venue.now(),
            "symbols": {symbol: {"head": self.head(symbol)} for symbol in self.market.instruments},
            "connections": len(self.hub.connections),
            "port": self.port,
        }

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _listen(self, is_wanted: bool) -> None:
        """Listen, or no longer; connections that are open stay so."""
        if self._site is not None:
            await self._site.stop()
        self._site = web.TCPSite(self._runner, self.options.host, self.port) if is_wanted else None
        if self._site is not None:
            await self._site.start()

    async def _publish(self) -> None:
        await self.venue.opened.wait()
        while (step := await self._next_step()) is not None:
            await self.hub.publish(step)
        await self.hub.taken(0)
        self.finished = True
        _log.info("replay finished", heads={symbol: self.head(symbol) for symbol in self.market.instruments})

    async def _next_step(self) -> Step | None:
        if self.venue.pace.waits_for_any:
            await self.hub.listened_to()
        return await self.venue.next_step()


def _faults(options: ExchangeOptions) -> Faults:
    return Faults() if options.faults is None else Script(parse(options.faults))


def run(options: ExchangeOptions) -> None:
    """Serve until SIGINT or SIGTERM. Raises `PortTakenError`."""
    asyncio.run(_serve(options))


async def _serve(options: ExchangeOptions) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Exchange(options) as exchange:
        symbols = list(exchange.market.instruments)
        _log.info(
            "exchange started",
            rest=exchange.rest_url,
            streams=exchange.ws_url,
            symbols=symbols,
            faults=options.faults or "none",
        )
        heartbeat = Heartbeat(options.run_path, "exchange") if options.run_path else None
        while not stop.is_set():
            exchange.check()
            if heartbeat:
                heartbeat.beat(**exchange.numbers())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _BEAT_SECONDS)
        if heartbeat:
            heartbeat.stop()


async def _mark(request: web.Request, response: web.StreamResponse) -> None:
    response.headers[MARK[0]] = MARK[1]


def _cannot_listen(options: ExchangeOptions, error: OSError) -> CandlewickError:
    where = f"{options.host}:{options.port}"
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(
            f"exchange: port {options.port} on {options.host} is taken by another process; "
            "stop that one or choose another port with --port"
        )
    return CandlewickError(f"exchange: cannot listen on {where}: {error.strerror}")
