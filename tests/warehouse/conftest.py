"""Fixtures of the warehouse's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from candlewick.config import Settings
from candlewick.lake.objects import Lake
from candlewick.moments import now_us
from warehouse.bench import Bench
from warehouse.lakes import Writer, chunks, recorded_lines


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home, whose days are those of UTC."""
    return Settings(data=tmp_path, timezone="UTC")


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake.open(settings.lake_url, settings.prefix)


@pytest.fixture
def writer(lake: Lake) -> Writer:
    """A recorder that started a minute ago."""
    return Writer(lake, clock=now_us() - 60_000_000)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """An open warehouse with its models parsed, shared by tests that empty it before use."""
    with Bench.open(tmp_path_factory.mktemp("bench")) as opened:
        yield opened


@pytest.fixture(scope="session")
def recorded_lake(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A lake with the recording, 500 lines an object."""
    url = str(tmp_path_factory.mktemp("recorded"))
    writer = Writer(Lake.open(url, "binance"), clock=now_us() - 120_000_000)
    for lines in chunks(recorded_lines(recording), 500):
        writer.stream(lines)
    return url
