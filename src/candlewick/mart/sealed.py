"""Pure: tables of the mart as SQL: their own files, and of trades the sealed files of days, read as they are.

Files of trades have what nothing else says; the other columns are worked out as they are read. A sealed file has a
symbol's trades in the lake, in columns that say the same in fewer bytes; `loaded_at` is in none of them, so it is there
when the trade was received.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from candlewick.mart.periods import Period, period_of
from candlewick.mart.quoting import quoted, text
from candlewick.mart.version import TRADES, File, SealedFile, Table

if TYPE_CHECKING:
    import duckdb

COMPARED = (
    *("business_key", "symbol", "trade_id", "price", "quantity", "quote_quantity", "is_buyer_maker", "traded_at"),
    *("traded_at_ist", "received_at", "source"),
)
"""The columns of trades that a sealed file has."""

STORED = "symbol, trade_id, price, quantity, is_buyer_maker, traded_at, received_at, loaded_at, source"
"""What the mart's own files of trades have; those of an earlier version have all columns of SILVER."""

_SCALE = 8
"""Places of SILVER's numbers."""
_OWN = f"""
    select
        symbol || '-' || trade_id as business_key, symbol, trade_id, price, quantity,
        cast(trunc(price * quantity, {_SCALE}) as decimal(38, {_SCALE})) as quote_quantity, is_buyer_maker, traded_at,
        traded_at + interval '330 minutes' as traded_at_ist,
        received_at, loaded_at, source
    from """
_TRADES = """
    select
        symbol || '-' || trade_id as business_key, symbol, trade_id, price, quantity,
        cast({quote} as decimal(38, 8)) as quote_quantity, is_buyer_maker, traded_at,
        traded_at + interval '330 minutes' as traded_at_ist,
        received_at, {loaded_at} as loaded_at, source
    from (
        select
            {symbol} as symbol, trade_id, {price} as price, {quantity} as quantity, is_buyer_maker,
            make_timestamp(epoch_us(traded_at)) as traded_at, make_timestamp(epoch_us(received_at)) as received_at,
            cast(source as varchar) as source
        from {files}
    )"""


def query(name: str, table: Table, source: Callable[[Sequence[str]], str]) -> str:
    """Return the statement of all rows of a table; `source` says how SQL names files of a list, all of one kind."""
    rows = _OWN if name == TRADES else "select * from "
    parts = [f"{rows}{source([file.name for file in table.files])}"] if table.files else []
    return " union all ".join([*parts, *trades_in(table.sealed, source)])


def trades_in(
    sealed: Sequence[SealedFile],
    source: Callable[[Sequence[str]], str],
    loaded_at: str = "coalesce(received_at, traded_at)",
    *,
    is_as_stored: bool = False,
) -> list[str]:
    """Return statements of the trades in sealed files as rows of SILVER, one for all files with the same types.

    Prices and quantities can be left with the types of the files, which are quicker to reckon with.
    """
    ordered = sorted(sealed, key=lambda each: (each.symbol, each.places, each.start))
    return [
        _trades(symbol, places if is_as_stored else None, source([each.name for each in some]), loaded_at)
        for (symbol, places), some in groupby(ordered, lambda each: (each.symbol, each.places))
    ]


def _trades(symbol: str, places: tuple[int, int] | None, files: str, loaded_at: str) -> str:
    """The statement of trades in files with numbers of so many places; None, and more than SILVER's: as SILVER's."""
    if places is None or max(places) > _SCALE:
        price, quantity = (f"cast({name} as decimal(38, {_SCALE}))" for name in ("price", "quantity"))
        quote = f"trunc(price * quantity, {_SCALE})"
    else:
        price, quantity = "price", "quantity"
        product = f"cast(price as decimal(38, {places[0]})) * cast(quantity as decimal(38, {places[1]}))"
        quote = product if sum(places) <= _SCALE else f"trunc({product}, {_SCALE})"
    return _TRADES.format(
        symbol=text(symbol), price=price, quantity=quantity, quote=quote, files=files, loaded_at=loaded_at
    )


def naming(
    known: Table, sealed: Sequence[SealedFile], news: Collection[Period]
) -> tuple[list[SealedFile], list[Period]]:
    """Return the sealed files that the version after `known` names, and the days whose own files are written anew.

    `sealed` are those that SILVER is read from. Of other days the mart names some in the place of its own by itself;
    their trades are in SILVER's table. A day is in one of the two ways there, and is written anew where that changes.
    """
    ours, named = set(sealed), set(known.sealed)
    if ours == named:
        return known.sealed, []
    own = {_day(file) for file in known.files if file.rows}
    alone, come = {_day(file) for file in named - ours}, {_day(file) for file in ours - named}
    ended = alone & (own | come | set(news))
    kept = [file for file in named if file in ours or _day(file) not in ended]
    together = sorted([*kept, *(ours - named)], key=lambda file: (file.start, file.symbol))
    return together, sorted(ended | come & (own | set(news)))


def _day(file: File | SealedFile) -> Period:
    return period_of(file.start, "day")


def differ(connection: "duckdb.DuckDBPyConnection", ours: str, theirs: str, day: datetime) -> bool:
    """Whether two statements have other trades of a day, an hour at a time, in all columns that a sealed file has."""
    columns = ", ".join(COMPARED)
    for hour in range(24):
        start = day + timedelta(hours=hour)
        within = f"traded_at >= timestamp '{start}' and traded_at < timestamp '{start + timedelta(hours=1)}'"
        one, other = (f"(select {columns} from ({each}) where {within})" for each in (ours, theirs))
        differing = f"select count(*) from (({one} except all {other}) union all ({other} except all {one}))"
        if connection.execute(differing).fetchall() != [(0,)]:
            return True
    return False


def parquet_in(path: Path) -> Callable[[Sequence[str]], str]:
    """Return how SQL names the files of a mart in a folder."""
    return lambda names: f"read_parquet([{', '.join(quoted(path / name) for name in names)}])"
