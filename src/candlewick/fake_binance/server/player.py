"""Lets the time of scripted faults pass: what they hold back is let through, and an exchange goes down and up."""

import asyncio
from collections.abc import Awaitable, Callable

from candlewick.fake_binance.faults import Script
from candlewick.fake_binance.server.hub import Hub

_TICK = 0.01


class Player:
    """The shell around a script; `listen` is awaited with whether the exchange is to listen."""

    def __init__(self, script: Script, hub: Hub, listen: Callable[[bool], Awaitable[None]]) -> None:
        self._script = script
        self._hub = hub
        self._listen = listen

    async def run(self) -> None:
        """Play until cancelled."""
        is_down = False
        while True:
            self._script.advance()
            self._hub.carry_on()
            if self._script.is_down != is_down:
                is_down = not is_down
                await self._listen(not is_down)
            await asyncio.sleep(_TICK)
