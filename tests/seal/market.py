"""A local exchange with a quiet market, and a lake that a backfill filled with two of its days."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from candlewick import backfill
from candlewick.backfill import planning
from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake import names
from candlewick.lake.manifest import Extent
from candlewick.lake.objects import Lake, LakeObject, pack
from candlewick.moments import micros

SYMBOL = "BTCDEMO"
TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=3), TODAY - timedelta(days=2)
DAYS = (FIRST, LAST)
SMALL = 100


@contextmanager
def exchange(**options: object) -> Iterator[Exchange]:
    """Run it in the background."""
    market = {"symbols": (SYMBOL,), "rate": 0.03, "history": timedelta(days=5), "weight_limit": 1_000_000}
    with BackgroundExchange(ExchangeOptions(port=0, **(market | options))) as running:  # type: ignore[arg-type]
        yield running.exchange


def settings_for(running: Exchange, folder: Path, **others: object) -> Settings:
    """The settings of a recorder beside it."""
    addresses = ExchangeSettings(streams=(running.ws_url,), rest=(running.rest_url,), archive=running.rest_url)
    return Settings(data=folder / "data", prefix="demo", symbols=(SYMBOL,), exchange=addresses, **others)  # type: ignore[arg-type]


def fill(settings: Settings, first: date = FIRST, last: date = LAST) -> None:
    """Backfill days into the lake, in many small objects."""
    planning.SMALL = 50

    @contextmanager
    def watch(_: object) -> Iterator[object]:
        yield lambda: None

    outcome = backfill.run(settings, first, last, agree=lambda _: True, watch=watch)  # type: ignore[arg-type]
    assert outcome and outcome.is_complete
    _in_small_objects(lake_of(settings))


def _in_small_objects(lake: Lake) -> None:
    """Cut each object into ones of 100 lines, as a recorder would have written them."""
    for item in list(lake.list_all()):
        held = lake.read_object(item.name)
        if len(held.lines) > SMALL:
            lake.delete(item.name)
            for at in range(0, len(held.lines), SMALL):
                put(lake, held, held.lines[at : at + SMALL])


def put(lake: Lake, like: LakeObject, lines: list[bytes], recorder: str | None = None) -> str:
    """Put an object of lines, its manifest like another's but for what it holds; return its name."""
    recorder = recorder or like.manifest.recorder
    trades = sorted((json.loads(line)["T"], json.loads(line)["t"]) for line in lines if b'"e":"trade"' in line)
    spans = [(trades[0][1], trades[-1][1])] if trades else []
    ids = {SYMBOL: spans} if spans else {}
    extents = {SYMBOL: Extent(*spans[0], len(trades), spans)} if spans else {}
    at = [micros(each) for each, _ in trades] or [micros(json.loads(line)["k"]["t"]) for line in lines[:1]]
    name = names.backfill(lake.prefix, recorder, at[0], at[-1], ids or {"candles": [(at[0], at[0])]})
    manifest = replace(like.manifest, recorder=recorder, spans=extents, lines=len(lines))
    lake.put_absent(name, pack(lines, manifest))
    return name


def lake_of(settings: Settings) -> Lake:
    """The lake."""
    return Lake.open(settings.lake_url, settings.prefix, settings.s3)


def raw_lines(settings: Settings) -> list[bytes]:
    """Every raw line in the lake."""
    lake = lake_of(settings)
    return [line for item in lake.list_all() for line in lake.read_object(item.name).lines]


def ids_in(lines: list[bytes]) -> set[int]:
    """The trade ids of raw lines."""
    return {json.loads(line)["t"] for line in lines if b'"e":"trade"' in line}


def copied(settings: Settings, folder: Path) -> Settings:
    """The same lake and checkpoints in another folder."""
    shutil.copytree(settings.data, folder / "data", dirs_exist_ok=True)
    return settings.model_copy(update={"data": folder / "data"})
