"""The Python API: the mart's candles and trades as Arrow, pandas or polars, and SQL over all of it.

    import candlewick

    candles = candlewick.candles("BTCUSDT", "1m", start="2026-01-24", end="2026-01-25")
    frame = candles.pandas()
    with candlewick.connect() as db:
        db.sql("select * from gold.candle_audit where status = 'mismatch'")

It reads what the warehouse has published and may run anywhere beside it, at any time; with `warehouse = "snowflake"`
in the settings, it reads from there, as the reader's role.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from candlewick import config as configuration
from candlewick.config import Settings
from candlewick.errors import ConfigError
from candlewick.warehouse.contract import Database, Reader
from candlewick.warehouse.home import home_of

if TYPE_CHECKING:
    import pandas
    import polars

Moment = datetime | str
"""A moment, or its ISO 8601 text; without a zone it is UTC."""


@dataclass(frozen=True)
class Rows:
    """Rows of one table: `arrow` holds them exactly, prices as decimals and times as UTC.

    Whatever takes Arrow (DuckDB, polars, pandas, …) takes these as they are.
    """

    arrow: pa.Table

    def pandas(self, *, floats: bool = False) -> "pandas.DataFrame":
        """Return a pandas DataFrame; with `floats`, decimals as float64: fit for plots and statistics, not for sums."""
        frame: pandas.DataFrame = (_as_floats(self.arrow) if floats else self.arrow).to_pandas()
        return frame

    def polars(self, *, floats: bool = False) -> "polars.DataFrame":
        """Return a polars DataFrame; `floats` as for `pandas`. Raises `ImportError` where polars is not installed."""
        import polars  # noqa: PLC0415  # not a dependency: only who asks for it needs it

        frame = polars.from_arrow(_as_floats(self.arrow) if floats else self.arrow)
        assert isinstance(frame, polars.DataFrame)
        return frame

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __repr__(self) -> str:
        return f"{len(self)} rows: {', '.join(self.arrow.column_names)}"

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.arrow.__arrow_c_stream__(requested_schema)


def connect(config: Path | str | None = None) -> Database:
    """Open the warehouse for SQL: `silver.trades_deduped`, `gold.trades_ohlc_1m`, and so on.

    A DuckDB connection over the newest published version, at which it stays; or one to Snowflake that answers alike.
    `config` is the settings' file, `candlewick.toml` by default. Raises `ConfigError`, `MartNotReadyError` where
    nothing is published yet, and `WarehouseError` where Snowflake does not let one in.
    """
    return _reader_of(config).connect()


def candles(
    symbol: str,
    timeframe: str = "1m",
    start: Moment | None = None,
    end: Moment | None = None,
    *,
    limit: int | None = None,
    config: Path | str | None = None,
) -> Rows:
    """Return a symbol's candles with `start` <= open_time < `end`, ascending; with `limit`, the newest so many.

    `timeframe` is one of 1s, 1m, 5m, 15m, 1h, 4h, 1d. Raises as `connect`, and `WarehouseError` for another timeframe.
    """
    return Rows(_reader_of(config).candles(symbol.upper(), timeframe, _moment(start), _moment(end), limit))


def trades(
    symbol: str,
    start: Moment | None = None,
    end: Moment | None = None,
    *,
    config: Path | str | None = None,
) -> Rows:
    """Return a symbol's trades with `start` <= traded_at < `end`, by trade id. Raises as `connect`."""
    return Rows(_reader_of(config).trades(symbol.upper(), _moment(start), _moment(end)))


def _reader_of(config: Path | str | None) -> Reader:
    settings = configuration.load(None if config is None else Path(config))
    return _kept_reader(settings.model_copy(update={"data": settings.data.absolute()}))


@lru_cache(maxsize=8)
def _kept_reader(settings: Settings) -> Reader:
    """One reader per warehouse, so that what it has read is read once, and who logs in does so once."""
    return home_of(settings).reader()


def _moment(given: Moment | None) -> datetime | None:
    if not isinstance(given, str):
        return given
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        raise ConfigError(f"expected a moment such as '2026-01-24' or '2026-01-24T13:30', got {given!r}") from None


def _as_floats(table: pa.Table) -> pa.Table:
    fields = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in table.schema]
    return table.cast(pa.schema(fields))
