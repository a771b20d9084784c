"""Which objects a streamer looks at: by a recorder's own hours, whatever the clock here says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candlewick.lake.objects import Lake
from candlewick.moments import from_micros
from candlewick.warehouse.snowflake.chain import Chain
from warehouse.lakes import Writer, trade_line

NOW = 1_769_261_400_000_000
"""2026-01-24 13:30:00 UTC, in µs."""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.open(str(tmp_path / "lake"), "binance")


def live(writer: Writer) -> str:
    return writer.stream([trade_line("BTCUSDT", 1000 + writer.sequence, writer.clock)])


def seen(chain: Chain, now: datetime) -> list[str]:
    """What a look gives, and those that catch up after it."""
    _, names = chain.look(now)
    while chain.is_catching_up:
        names += chain.look(now)[1]
    return names


@pytest.mark.parametrize("hours", [-5_000, -9, 0, 9])
def test_recorders_are_followed_from_their_first_object_on_by_the_clock_they_go_by(lake, hours):
    here = from_micros(NOW).replace(tzinfo=UTC) - timedelta(hours=hours)
    writer, chain = Writer(lake, clock=NOW), Chain(lake)
    chain.start(None)
    assert seen(chain, here) == []
    for minutes in (1, 40, 40):
        writer.clock += minutes * 60_000_000
        here += timedelta(minutes=minutes)
        name = live(writer)
        assert seen(chain, here) == [name]
        assert seen(chain, here) == []
