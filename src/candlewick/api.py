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
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from candlewick import config as configuration
from candlewick.config import Settings
from candlewick.errors import ConfigError
from candlewick.warehouse.contract import Database, Reader
from candlewick.warehouse.flow.levels import SMALLEST
from candlewick.warehouse.flow.reading import Flow
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

    `timeframe` is one of 1s, 1m, 5m, 15m, 1h, 4h, 1d, or one that is rolled up of them, such as 3m, 12h or 1w.
    Raises as `connect`, and `WarehouseError` for another timeframe.
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


def footprint(
    symbol: str,
    timeframe: str = "1m",
    *,
    start: Moment,
    end: Moment,
    step: Decimal | str | None = None,
    exact: bool = False,
    config: Path | str | None = None,
) -> Rows:
    """Return what takers bought and sold at each price level of the bars with `start` <= open_time < `end`.

    A row per level with trades, by bar and price: `open_time`, `price`, `step`, the volumes, amounts and counts of both
    sides, `high` and `low` within the level; and of its bar `delta`, `min_delta`, `max_delta`, the ids, and `standing`:
    `proved` where its sums are the exchange's and no trade id lacks. Levels are of `step` (1 or 5 with a power of ten),
    or of the roll-ups' own where that is larger; with `exact` they are made of the trades, of any step. Raises as
    `connect`, and `RangeError` where the range is empty or longer than 45 days.
    """
    asked = _configured(config)
    flow = Flow(_kept_reader(asked), symbol.upper(), asked.zone)
    read = flow.exact_footprints if exact else flow.footprints
    made = read(timeframe, _needed(start), _needed(end), SMALLEST if step is None else Decimal(step))
    bars = made.bars.append_column("standing", pa.array(made.standings, pa.string()))
    return Rows(made.levels.join(bars, "open_time").sort_by([("open_time", "ascending"), ("price", "ascending")]))


def profile(
    symbol: str,
    *,
    start: Moment,
    end: Moment,
    step: Decimal | str | None = None,
    exact: bool = False,
    config: Path | str | None = None,
) -> Rows:
    """Return what was traded at each price from `start` to `end`, whole minutes: a row per level with trades.

    `is_poc` marks the level with the largest volume, `is_value_area` those around it that hold 70 % of the volume;
    `standing` is that of the whole range. `step`, `exact` and what is raised are as for `footprint`.
    """
    asked = _configured(config)
    flow = Flow(_kept_reader(asked), symbol.upper(), asked.zone)
    made = flow.profile(_needed(start), _needed(end), None if step is None else Decimal(step), of_trades=exact)
    places, area = range(made.levels.num_rows), made.area
    table = made.levels.drop_columns(["open_time"])
    table = table.append_column("is_poc", pa.array([area is not None and place == area.point for place in places]))
    within = [area is not None and area.low <= place <= area.high for place in places]
    table = table.append_column("is_value_area", pa.array(within))
    return Rows(table.append_column("standing", pa.array([made.standing] * made.levels.num_rows, pa.string())))


def _configured(config: Path | str | None) -> Settings:
    """Return the settings of a file, its folder made absolute."""
    settings = configuration.load(None if config is None else Path(config))
    return settings.model_copy(update={"data": settings.data.absolute()})


def _reader_of(config: Path | str | None) -> Reader:
    return _kept_reader(_configured(config))


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


def _needed(given: Moment) -> datetime:
    moment = _moment(given)
    assert moment is not None
    return moment


def _as_floats(table: pa.Table) -> pa.Table:
    fields = [field.with_type(pa.float64()) if pa.types.is_decimal(field.type) else field for field in table.schema]
    return table.cast(pa.schema(fields))
