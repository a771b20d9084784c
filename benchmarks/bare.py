"""What one would write instead: a DuckDB script that makes seven timeframes, in Parquet, of the lake's objects.

    python benchmarks/bare.py LAKE OUT

It reads the same objects as the warehouse, typed and with exact decimals, keeps one row per id, makes the candles and
writes all of it. It proves nothing, remembers nothing, and starts anew every time. `benchmarks/warehouse.py` runs it.
"""

import resource
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
from backports import zstd

BATCH_BYTES = 64 * 2**20
FIELDS = ("s", "t", "p", "q", "T", "m", "src", "recv")
TIMEFRAMES = {"1s": "1 second", "1m": "1 minute", "5m": "5 minutes", "15m": "15 minutes", "1h": "1 hour"} | {
    "4h": "4 hours",
    "1d": "1 day",
}


def main() -> None:
    lake, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True)
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(
        "create table copies (symbol varchar, trade_id bigint, price decimal(38, 8), quantity decimal(38, 8),"
        " traded_at timestamp, is_buyer_maker boolean, source varchar, received_at timestamp)"
    )
    batch: list[bytes] = []
    for path in sorted(lake.rglob("*.json.zst")):
        text = zstd.decompress(path.read_bytes())
        batch += text.split(b"\n")[:-2]  # the last line is the manifest
        if len(batch) * 150 > BATCH_BYTES:
            insert(connection, batch)
            batch = []
    insert(connection, batch)
    make(connection, out)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss // 1024}")


def insert(connection: duckdb.DuckDBPyConnection, lines: list[bytes]) -> None:
    connection.register("lines", pa.table({"line": pa.array(lines, pa.binary()).cast(pa.string())}))
    paths = ", ".join(f"'$.{field}'" for field in FIELDS)
    connection.execute(
        f"""
        insert into copies
        select f[1], f[2]::bigint, f[3]::decimal(18, 8), f[4]::decimal(18, 8), make_timestamp(f[5]::bigint),
            f[6]::boolean, f[7], make_timestamp(f[8]::bigint)
        from (select json_extract_string(line, [{paths}]) as f from lines)
        """
    )


def make(connection: duckdb.DuckDBPyConnection, out: Path) -> None:
    connection.execute(
        """
        create table trades as
        select *, (price * quantity)::decimal(38, 8) as quote
        from (select distinct on (symbol, trade_id) * from copies)
        order by symbol, trade_id
        """
    )
    connection.execute(f"copy trades to '{out / 'trades.parquet'}' (compression zstd)")
    for name, interval in TIMEFRAMES.items():
        connection.execute(
            f"""
            copy (
                select symbol, time_bucket(interval '{interval}', traded_at) as open_time,
                    min_by(price, trade_id) as open, max(price) as high, min(price) as low,
                    max_by(price, trade_id) as close, sum(quantity) as volume, sum(quote) as quote_volume,
                    count(*) as trade_count, min(trade_id) as first_trade_id, max(trade_id) as last_trade_id
                from trades group by all order by all
            ) to '{out / f"{name}.parquet"}' (compression zstd)
            """
        )


if __name__ == "__main__":
    main()
