"""What an owner makes of a file that another version left."""

from pathlib import Path

import duckdb

from candlewick.warehouse.duckdb import owner
from candlewick.warehouse.duckdb.file import Warehouse
from warehouse.lakes import MINUTE, START, trade_line

TRADES = "silver.trades_deduped"
COMPUTED = {"business_key", "traded_at_ist"}


def test_a_table_that_stores_what_is_computed_now_is_taken_up(settings, writer):
    for part in range(2):
        writer.stream([trade_line("BTCUSDT", n, START + n * MINUTE) for n in range(5 * part, 5 * part + 5)])
        if part == 0:
            owner.run(settings, once=True)
            store_all(settings.duckdb_path)
    owner.run(settings, once=True)
    warehouse = Warehouse.open(settings.duckdb_path)
    try:
        assert COMPUTED.isdisjoint(warehouse.stored_columns(TRADES))
        assert not warehouse.stored_columns(f"{TRADES}_before")
        in_india = "timezone('Asia/Kolkata', timezone('UTC', traded_at))"
        columns = f"business_key, traded_at_ist = {in_india}, trade_id"
        found = warehouse.connection.execute(f"select {columns} from {TRADES} order by trade_id").fetchall()
        assert found == [(f"BTCUSDT-{n}", True, n) for n in range(10)]
    finally:
        warehouse.close()


def store_all(path: Path) -> None:
    """Make the table as versions did that computed nothing."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table silver.stored as select * from {TRADES}")
        connection.execute(f"drop table {TRADES}; alter table silver.stored rename to trades_deduped")
