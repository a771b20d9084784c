"""Listens to the recorder's feed: contiguous trades of the symbols somebody looks at, reconnecting for ever."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import structlog

from candlewick.dashboard.bars import FeedTrade, scaled
from candlewick.process.keyfile import key_if_any

log = structlog.get_logger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.1, 3.0
SILENCE_SECONDS = 20.0
REFUSED_SECONDS = 30.0
"""For so long a symbol is left out that the recorder does not record."""

OnTrades = Callable[[str, list[FeedTrade], int], None]
"""Called with the symbol, the trades ascending by id, and the time of the newest event in µs."""


class FeedFrame(msgspec.Struct):
    """One frame of the feed: trades `[id, price, quantity, time µs, is_buyer_maker]`, or a gap `[first, last]`."""

    s: str
    E: int = 0
    trades: list[tuple[int, str, str, int, Any]] = []
    gap: tuple[int, int] | None = None


class FeedClient:
    """One connection for all symbols. `next_id(symbol)` says where to go on, None for now."""

    def __init__(
        self, url: str, on_trades: OnTrades, next_id: Callable[[str], int | None], key_path: Path | None = None
    ) -> None:
        self.url = url
        self._key_path = key_path
        self.is_connected = False
        self._on_trades = on_trades
        self._next_id = next_id
        self._symbols: frozenset[str] = frozenset()
        self._refused: dict[str, float] = {}
        self._begins: dict[str, int | None] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._decoder = msgspec.json.Decoder(FeedFrame)

    async def want(self, symbols: frozenset[str]) -> None:
        """Follow these symbols from now on, and no others."""
        if symbols != self._symbols:
            self._symbols = symbols
            await self.subscribe()

    async def subscribe(self) -> None:
        """Ask for the symbols again, from where they should go on now."""
        if self._socket is None or self._socket.closed:
            return
        self._begins = {symbol: self._next_id(symbol) for symbol in sorted(self._recorded())}
        request = {"subscribe": self._begins}
        try:
            await self._socket.send_str(msgspec.json.encode(request).decode())
        except ConnectionError as error:
            # The listener ends by the same fault, and the next connection begins with a subscription.
            log.info("feed subscription postponed", problem=str(error))

    async def run(self) -> None:
        """Stay connected until cancelled: capped, jittered waits between attempts, one log line per change."""
        wait = FIRST_WAIT
        async with aiohttp.ClientSession() as session:
            while True:
                if await self._listen(session):
                    wait = FIRST_WAIT
                await asyncio.sleep(wait * random.uniform(0.7, 1.3))
                wait = min(wait * 2, LONGEST_WAIT)

    async def _listen(self, session: aiohttp.ClientSession) -> bool:
        """Follow one connection to its end; returns whether there was one."""
        try:
            async with session.ws_connect(
                self.url, heartbeat=SILENCE_SECONDS, max_msg_size=1 << 24, headers=self._key()
            ) as socket:
                self._socket, self.is_connected = socket, True
                log.info("feed connected", url=self.url)
                await self.subscribe()
                while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    self._take(message.data)
                if socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION:
                    self._heed_refusal(str(message.extra))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if self.is_connected:
                log.warning("feed lost", url=self.url, problem=str(error))
        except (msgspec.DecodeError, ValueError) as error:
            log.error("feed frame not understood", url=self.url, problem=str(error))
        finally:
            was_connected, self.is_connected, self._socket = self.is_connected, False, None
        return was_connected

    def _key(self) -> dict[str, str]:
        """What a place is kept for; the recorder of another host leaves none here."""
        key = key_if_any(self._key_path) if self._key_path else ""
        return {"X-Candlewick-Key": key} if key else {}

    def _recorded(self) -> set[str]:
        """The wanted symbols, without those that were refused a moment ago."""
        now = time.monotonic()
        return {symbol for symbol in self._symbols if self._refused.get(symbol, 0.0) <= now}

    def _heed_refusal(self, why: str) -> None:
        """Leave out for a while what the recorder does not record: it refuses all symbols for the sake of one."""
        log.warning("feed refused", url=self.url, problem=why)
        until = time.monotonic() + REFUSED_SECONDS
        self._refused |= {symbol: until for symbol in self._symbols if repr(symbol) in why}

    def _take(self, text: str) -> None:
        frame = self._decoder.decode(text)
        if frame.s not in self._symbols or not self._continues(frame):
            return
        if frame.trades:
            trades = [FeedTrade(row[0], scaled(row[1]), scaled(row[2]), row[3], bool(row[4])) for row in frame.trades]
            self._on_trades(frame.s, trades, frame.E)

    def _continues(self, frame: FeedFrame) -> bool:
        """Whether a frame belongs to the newest subscription, which begins where it was asked to.

        What was on its way for the one before would look like newer trades, and hide those that were asked for again.
        """
        begins = self._begins.get(frame.s)
        first, last = _ids(frame)
        if begins is None or first is None or last is None:
            return True
        if first <= begins <= last:
            self._begins[frame.s] = None
        return first <= begins


def _ids(frame: FeedFrame) -> tuple[int, int] | tuple[None, None]:
    """The first and the last id that a frame tells of."""
    if frame.gap:
        return frame.gap
    return (frame.trades[0][0], frame.trades[-1][0]) if frame.trades else (None, None)
