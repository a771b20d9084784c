"""A day of the tape as assets: `dagster dev -f dagster_assets.py`, with daily.py beside it."""

import daily
from dagster import AssetExecutionContext, DailyPartitionsDefinition, Definitions, asset

SYMBOL = "BTCUSDT"
CONFIG = "/etc/candlewick/candlewick.toml"
days = DailyPartitionsDefinition(start_date="2026-11-01")


@asset(partitions_def=days)
def tape(context: AssetExecutionContext) -> int:
    """The day's trades in the lake; how many were new."""
    return daily.fill(SYMBOL, context.partition_key, CONFIG)


@asset(partitions_def=days)
def candles(tape: int) -> int | None:
    """The day in the warehouse; the mart's version."""
    return daily.load(CONFIG)


@asset(partitions_def=days)
def verdict(context: AssetExecutionContext, candles: int | None) -> dict[str, int]:
    """The day proved against the exchange's own candles."""
    return daily.prove(SYMBOL, context.partition_key, CONFIG)


definitions = Definitions(assets=[tape, candles, verdict])
