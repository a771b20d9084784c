"""An exchange in a thread of its own, for code that has no event loop: scripts, notebooks and their tests."""

import asyncio
import threading
from concurrent.futures import Future
from typing import Self

from candlewick.fake_binance.faults import Faults
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange


class BackgroundExchange:
    """A context manager around an `Exchange` that runs in a thread; `exchange` is that one, to be read only."""

    def __init__(self, options: ExchangeOptions, faults: Faults | None = None) -> None:
        self.exchange: Exchange
        self._options, self._faults = options, faults
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            self.exchange = Exchange(self._options, self._faults)
            await self.exchange.start()
        except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits for the start
            self._started.set_exception(error)
            return
        self._started.set_result(None)
        await self._stop.wait()
        await self.exchange.stop()
