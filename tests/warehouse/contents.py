"""What a warehouse holds, as its readers see it: for comparing two of them."""

from pathlib import Path

from candlewick.mart.reader import Mart
from candlewick.mart.version import CANDLES, GAPS, TRADES

STATEMENTS = {
    TRADES: f"select * exclude (received_at, loaded_at, source) from {TRADES} order by symbol, trade_id",
    **{table: f"select * exclude (loaded_at) from {table} order by symbol, open_time" for table in CANDLES.values()},
    GAPS: f"select * from {GAPS} order by all",
}


def contents(mart: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of SILVER, GOLD and the gaps, less the columns that say when we got them."""
    with Mart(mart).connect() as connection:
        return {name: connection.execute(statement).fetchall() for name, statement in STATEMENTS.items()}
