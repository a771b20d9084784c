"""What rows left in DuckDB's file goes back to the disk, and all that stays is as it was."""

import duckdb
import pytest

from candlewick.process import crashpoint
from candlewick.warehouse.duckdb import giving_back
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.duckdb.giving_back import give_back

SCHEMA = "select schema_name, table_name, sql from duckdb_tables() order by all"
ROWS = "select * from silver.kept order by 1"


class Killed(BaseException):
    """In the place of SIGKILL."""


@pytest.fixture
def path(tmp_path):
    """A file with many rows that went, and a few after them that did not."""
    warehouse = Warehouse.open(tmp_path / "w.duckdb")
    execute = warehouse.connection.execute
    execute("create schema silver; create table silver.gone as select random() as value from range(3_000_000)")
    warehouse.checkpoint()
    execute("create table silver.kept (id bigint not null, twice bigint generated always as (2 * id), name varchar)")
    execute("insert into silver.kept select range, 'n' || range from range(1000)")
    warehouse.note("generation", "g1")
    warehouse.checkpoint()
    execute("delete from silver.gone")
    warehouse.close()
    return tmp_path / "w.duckdb"


def test_room_is_given_back_and_the_tables_are_what_they_were(path):
    warehouse, size = Warehouse.open(path), path.stat().st_size
    rows, schema = (warehouse.connection.execute(each).fetchall() for each in (ROWS, SCHEMA))
    assert size > 2 * giving_back.LEAST_BYTES and give_back(warehouse)
    assert path.stat().st_size < size / 4
    assert warehouse.connection.execute(ROWS).fetchall() == rows and len(rows) == 1000
    assert warehouse.connection.execute(SCHEMA).fetchall() == schema
    assert warehouse.setting("generation") == "g1"
    with pytest.raises(duckdb.ConstraintException):
        warehouse.connection.execute("insert into raw.settings values ('generation', 'g2')")
    assert not give_back(warehouse), "where little is free nothing is written"
    warehouse.close()


def test_killed_while_it_is_given_back_the_file_has_every_row(path, monkeypatch):
    warehouse = Warehouse.open(path)
    rows, schema = (warehouse.connection.execute(each).fetchall() for each in (ROWS, SCHEMA))
    monkeypatch.setattr(crashpoint.os, "kill", lambda *_: (_ for _ in ()).throw(Killed))
    for number in range(1, 4):
        crashpoint.arm(f"mid giving back:{number}")
        with pytest.raises(Killed):
            give_back(warehouse)
        crashpoint.arm("")
        warehouse.close()
        warehouse = Warehouse.open(path)
        assert warehouse.connection.execute(ROWS).fetchall() == rows
        assert warehouse.connection.execute(SCHEMA).fetchall() == schema
    warehouse.close()
