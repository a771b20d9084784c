"""Pure: tables of the mart as SQL: their own files, and of trades the sealed files of days, read as they are.

A sealed file has a symbol's trades in the lake, in columns that say the same in fewer bytes; `loaded_at` is in none of
them, so it is there when the trade was received.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

from candlewick.mart.quoting import quoted, text
from candlewick.mart.version import SealedFile, Table

COMPARED = (
    *("business_key", "symbol", "trade_id", "price", "quantity", "quote_quantity", "is_buyer_maker", "traded_at"),
    *("traded_at_ist", "received_at", "source"),
)
"""The columns of trades that a sealed file has."""

_TRADES = """
    select
        symbol || '-' || trade_id as business_key, symbol, trade_id, price, quantity,
        trunc(price * quantity, 8) as quote_quantity, is_buyer_maker, traded_at,
        timezone('Asia/Kolkata', timezone('UTC', traded_at)) as traded_at_ist,
        received_at, coalesce(received_at, traded_at) as loaded_at, source
    from (
        select
            {symbol} as symbol, trade_id, cast(price as decimal(38, 8)) as price,
            cast(quantity as decimal(38, 8)) as quantity, is_buyer_maker,
            make_timestamp(epoch_us(traded_at)) as traded_at, make_timestamp(epoch_us(received_at)) as received_at,
            cast(source as varchar) as source
        from {files}
    )"""


def query(table: Table, source: Callable[[Sequence[str]], str]) -> str:
    """Return the statement of all rows of a table; `source` says how SQL names files of a list, all of one kind."""
    parts = [f"select * from {source([file.name for file in table.files])}"] if table.files else []
    return " union all ".join([*parts, *trades_in(table.sealed, source)])


def trades_in(sealed: Sequence[SealedFile], source: Callable[[Sequence[str]], str]) -> list[str]:
    """Return statements of the trades in sealed files as rows of SILVER, one for all files with the same types."""
    ordered = sorted(sealed, key=lambda each: (each.symbol, each.places, each.start))
    return [
        _TRADES.format(symbol=text(symbol), files=source([each.name for each in some]))
        for (symbol, _), some in groupby(ordered, lambda each: (each.symbol, each.places))
    ]


def parquet_in(path: Path) -> Callable[[Sequence[str]], str]:
    """Return how SQL names the files of a mart in a folder."""
    return lambda names: f"read_parquet([{', '.join(quoted(path / name) for name in names)}])"
