"""A recorder at work in this process, against the local exchange, and what its lake holds then."""

import asyncio
import json
from collections import Counter
from pathlib import Path

from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings, FeedSettings
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake.objects import Lake
from candlewick.recorder.session import Session
from candlewick.spans import Spans
from candlewick.tape import checkpoint

FIRST, LAST = 3735683259, 3735703162
"""The ids of the recording."""


class LiveTape:
    """What a lake holds: every line, and whether manifests and lines agree."""

    def __init__(self, lake: Lake) -> None:
        self.trades: dict[int, dict] = {}
        self.copies: list[tuple[dict, dict]] = []
        self.klines: Counter[int] = Counter()
        self.sources: Counter[str] = Counter()
        self.manifests = []
        for item in lake.list_all():
            each = lake.read_object(item.name)
            self.manifests.append((each.manifest.seq, each.name, each.manifest))
            for line in map(json.loads, each.lines):
                self._take(line)
        self.manifests.sort()

    def _take(self, line):
        if line["e"] == "kline":
            self.klines[line["k"]["t"]] += 1
        if line["e"] != "trade":
            return
        self.sources[line["src"]] += 1
        if line["t"] in self.trades:
            self.copies.append((self.trades[line["t"]], line))
        self.trades[line["t"]] = line

    @property
    def ids(self) -> list[tuple[int, int]]:
        return Spans((i, i) for i in self.trades).ranges()

    def check_chain(self) -> None:
        """Manifests are one chain, and the newest one says what is there."""
        covered = Spans()
        for position, (seq, _, manifest) in enumerate(self.manifests):
            assert seq == position + 1
            assert manifest.prev == (self.manifests[position - 1][1] if position else None)
            for extent in manifest.spans.values():
                covered.update(Spans(extent.ranges))
            assert [Spans(ranges) for ranges in manifest.covered.values()] == [covered]


def settings_for(exchange: Exchange, tmp_path: Path, *symbols: str, **options) -> Settings:
    return Settings(
        data=tmp_path / "data",
        symbols=symbols or ("BTCUSDT",),
        exchange=ExchangeSettings(streams=(exchange.ws_url,), rest=(exchange.rest_url,)),
        feed=FeedSettings(port=0),
        **({"prefix": "replay", "flush_seconds": 0.1} | options),
    )


class Run:
    """A session at work."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lake = Lake.open(settings.lake_url, settings.prefix)
        self.stop = asyncio.Event()

    async def __aenter__(self):
        state = checkpoint.open_checkpoint(self.settings.state_path, self.lake, self.settings.recorder)
        self.session = Session(self.settings, self.lake, state)
        self.task = asyncio.create_task(self.session.run(self.stop))
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        await asyncio.wait_for(self.task, 30)

    def of(self, symbol="BTCUSDT"):
        return self.session.numbers()["symbols"][symbol]

    def has_all(self, symbol="BTCUSDT"):
        assert not self.task.done(), self.task
        return self.of(symbol)["covered"] == [(FIRST, LAST)]
