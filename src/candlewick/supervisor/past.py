"""The exchange's own candles of the past, which `candlewick up` has fetched by itself: charts are full at once."""

from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from candlewick.config import Settings
from candlewick.process.chore import chore

FIRST_AFTER, AGAIN_AFTER = 10.0, 60.0
"""Seconds: first come the first trades and the chart; and until it is tried again where that could not be done."""
AT_MOST = 300_000
"""Candles over all symbols: of hundreds of symbols a year each would be millions of lines."""
PER_DAY = 96
LOG = "candles.log"


def days_of(settings: Settings) -> int:
    """How many days back candles are fetched of each symbol; 0 for none."""
    if any("*" in symbol for symbol in settings.symbols):
        return 0  # which symbols these are the recorder alone knows
    return min(settings.candles, AT_MOST // PER_DAY // len(settings.symbols))


def candles_of_the_past(settings: Settings, config_path: Path | None) -> AbstractContextManager[None]:
    """Have them fetched once while the block runs, by a process of low priority that ends nothing where it fails.

    What is in the lake is not fetched again. Beside a recorder it asks for nothing where half of the weight is used.
    """
    days = days_of(settings)
    if not days:
        return nullcontext()
    first = datetime.now(UTC).date() - timedelta(days=days)
    config = ("--config", str(config_path)) if config_path else ()
    arguments = ("backfill", "--from", str(first), "--candles", "--yes", *config)
    log_file = settings.log_path / LOG
    return chore(arguments, log_file, first_after=FIRST_AFTER, every=AGAIN_AFTER, once=True)
