"""What one would write instead: a day of the exchange's archive as seven timeframes, with DuckDB or with polars.

    python benchmarks/bare_archive.py DuckDB|polars DAY.zip OUT

Exact decimals, one row an id, all of it as Parquet. Nothing is proved or remembered. `benchmarks/archive.py` runs it.
"""

import resource
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

SYMBOL = "BTCDEMO"
COLUMNS = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match")
TIMEFRAMES = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")


def main() -> None:
    name, file, out = sys.argv[1:]
    as_peer(PEERS[name], Path(file), Path(out))


def as_peer(make: Callable[[Path, Path], None], file: Path, out: Path) -> None:
    """Unzip the day, make all of it, and print CPU seconds and peak memory in MB."""
    out.mkdir()
    with zipfile.ZipFile(file) as archive:
        make(Path(archive.extract(archive.namelist()[0], out)), out)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1_000)


def with_duckdb(csv: Path, out: Path) -> None:
    """Read the day into the table that the bare script of the warehouse's benchmark goes on from."""
    import duckdb  # noqa: PLC0415 - as above

    import bare  # noqa: PLC0415 - each peer loads its own library and no other

    connection = duckdb.connect(config={"threads": 2})
    kinds = "{" + ", ".join(f"'{name}': 'varchar'" for name in COLUMNS) + "}"
    connection.execute(
        f"""
        create table copies as
        select '{SYMBOL}' as symbol, id::bigint as trade_id, price::decimal(38, 8) as price,
            qty::decimal(38, 8) as quantity, make_timestamp(time::bigint) as traded_at,
            is_buyer_maker::boolean as is_buyer_maker
        from read_csv('{csv}', header = false, columns = {kinds})
        """
    )
    bare.make(connection, out)


def with_polars(csv: Path, out: Path) -> None:
    """The same with polars."""
    import polars as pl  # noqa: PLC0415 - as above

    amount = pl.Decimal(38, 8)
    read = pl.read_csv(csv, has_header=False, new_columns=list(COLUMNS), infer_schema=False)
    trades = (
        read.select(
            pl.lit(SYMBOL).alias("symbol"),
            pl.col("id").cast(pl.Int64).alias("trade_id"),
            pl.col("price").cast(amount),
            pl.col("qty").cast(amount).alias("quantity"),
            pl.col("time").cast(pl.Int64).cast(pl.Datetime("us")).alias("traded_at"),
            (pl.col("is_buyer_maker").str.to_lowercase() == "true").alias("is_buyer_maker"),
        )
        .unique("trade_id")
        .sort("trade_id")
        .with_columns((pl.col("price") * pl.col("quantity")).cast(amount).alias("quote"))
    )
    trades.write_parquet(out / "trades.parquet", compression="zstd")
    for name in TIMEFRAMES:
        candles = trades.group_by("symbol", pl.col("traded_at").dt.truncate(name).alias("open_time")).agg(
            open=pl.col("price").first(),
            high=pl.col("price").max(),
            low=pl.col("price").min(),
            close=pl.col("price").last(),
            volume=pl.col("quantity").sum(),
            quote_volume=pl.col("quote").sum(),
            trade_count=pl.len(),
            first_trade_id=pl.col("trade_id").min(),
            last_trade_id=pl.col("trade_id").max(),
        )
        candles.sort("open_time").write_parquet(out / f"{name}.parquet", compression="zstd")


PEERS = {"DuckDB": with_duckdb, "polars": with_polars}


if __name__ == "__main__":
    main()
