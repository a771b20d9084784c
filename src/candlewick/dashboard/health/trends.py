"""How the hops went lately: their numbers every few seconds, some minutes back. One task samples for all viewers."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence

from candlewick import status
from candlewick.config import Settings
from candlewick.dashboard.health.tiles import Beats, Tile, tiles_of
from candlewick.process import heartbeat

EVERY_SECONDS = 2.0
SAMPLES = 150


class Trends:
    """The newest numbers of each hop, oldest first; None where a hop had none."""

    def __init__(self) -> None:
        self._numbers: dict[str, deque[float | None]] = {}

    def add(self, tiles: Sequence[Tile]) -> None:
        """Take one sample of every hop."""
        for tile in tiles:
            self._numbers.setdefault(tile.hop, deque(maxlen=SAMPLES)).append(tile.number)

    def numbers(self) -> Mapping[str, Sequence[float | None]]:
        """The samples by hop. Safe to call from the pages' threads."""
        return {hop: list(numbers) for hop, numbers in list(self._numbers.items())}

    async def sample(self, settings: Settings) -> None:
        """Sample until cancelled."""
        while True:
            report = await asyncio.to_thread(status.collect, settings)
            self.add(tiles_of(report, beats_of(settings)))
            await asyncio.sleep(EVERY_SECONDS)


def beats_of(settings: Settings) -> Beats:
    """The last heartbeats by process; empty for one that is not there."""
    return {name: heartbeat.read(settings.run_path, name) or {} for name in status.PROCESSES}
