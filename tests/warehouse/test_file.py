import subprocess
import sys
from datetime import timedelta

import duckdb
import pytest
from msgspec.structs import replace

from candlewick.errors import WarehouseCorruptError, WarehouseError
from candlewick.lake.objects import LakeObject
from candlewick.warehouse.duckdb.file import Warehouse, hour_of
from warehouse.lakes import Writer, trade_line


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "candlewick.duckdb"


@pytest.fixture
def objects(lake, writer: Writer) -> list[LakeObject]:
    names = [writer.stream([trade_line("BTCUSDT", n, writer.clock)]) for n in range(3)]
    return [lake.read_object(name) for name in names]


def test_rows_and_the_fact_that_they_are_loaded_are_there_together(path, objects):
    warehouse = Warehouse.open(path)
    assert warehouse.load(objects) == {}
    rows = "select object_name, row_number, payload ->> '$.e' from raw.binance_raw order by all"
    expected = [(item.name, n, kind) for item in objects for n, kind in ((1, "trade"), (2, "manifest"))]
    assert warehouse.connection.execute(rows).fetchall() == expected
    assert warehouse.loaded_in(hour_of(objects[0].name)) == {item.name for item in objects}
    assert warehouse.is_loaded(objects[0].name)


def storage_version(path) -> int:
    """The number in a file's header, by DuckDB's documents of its storage: 64 up to 1.1, 65 from 1.2 on."""
    header = path.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    return int.from_bytes(header[12:20], "little")


def test_the_file_is_one_that_older_tools_can_open_and_an_old_one_goes_on(path, objects):
    warehouse = Warehouse.open(path)
    warehouse.load(objects)
    warehouse.checkpoint()
    warehouse.close()
    assert storage_version(path) == 65
    old = path.with_name("old.duckdb")
    with duckdb.connect() as connection:  # as a version of before made it, with what it had loaded
        connection.execute(f"attach '{old}' as old (storage_version 'latest'); attach '{path}' as made")
        connection.execute("copy from database made to old")
    before = storage_version(old)
    again = Warehouse.open(old)
    assert again.loaded_at == Warehouse.open(path).loaded_at
    assert again.is_loaded(objects[0].name)
    again.note("key", "value")
    again.close()
    assert storage_version(old) == before


def test_each_load_is_later_than_the_one_before_even_where_the_clock_is_not(path, objects):
    warehouse = Warehouse.open(path)
    warehouse.load(objects[:1])
    warehouse._newest += timedelta(days=1)
    before = warehouse.loaded_at
    warehouse.load(objects[1:])
    assert warehouse.loaded_at == before + timedelta(microseconds=1)
    warehouse.close()
    assert Warehouse.open(path).loaded_at == before + timedelta(microseconds=1)


def test_an_object_with_a_line_that_is_not_json_is_refused_whole_and_the_others_are_loaded(path, objects):
    warehouse = Warehouse.open(path)
    good, not_json, not_text = objects
    broken = [good, holding(not_json, [b'{"e":"trade"', b"{}"]), holding(not_text, [b"\xff\xfe"])]
    refused = warehouse.load(broken)
    assert refused[not_json.name] == "line 1 is not JSON"
    assert "not text" in refused[not_text.name]
    assert warehouse.connection.execute("select distinct object_name from raw.binance_raw").fetchall() == [(good.name,)]
    assert warehouse.loaded_in(hour_of(good.name)) == {good.name}


def holding(item: LakeObject, lines: list[bytes]) -> LakeObject:
    """An object with other lines, and a manifest that promises as many."""
    return item._replace(lines=lines, manifest=replace(item.manifest, lines=len(lines)))


def test_a_second_owner_is_told_who_owns_it(path):
    warehouse = Warehouse.open(path)
    opening = f"from candlewick.warehouse.duckdb.file import *; Warehouse.open(Path({str(path)!r}))"
    refused = subprocess.run([sys.executable, "-c", opening], capture_output=True, text=True, check=False)
    assert "WarehouseBusyError" in refused.stderr
    assert "another process owns the warehouse (pid " in refused.stderr
    warehouse.close()
    Warehouse.open(path).close()


@pytest.mark.parametrize("content", [b"", b"no database", b"\0" * 20_000])
def test_a_file_that_is_no_database_says_how_to_make_it_again(path, content):
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(WarehouseCorruptError, match="candlewick rebuild") as raised:
        Warehouse.open(path)
    assert "\n" not in str(raised.value)


def test_a_damaged_header_says_how_to_make_it_again(path):
    Warehouse.open(path).close()
    content = bytearray(path.read_bytes())
    content[4096:12288] = bytes(8192)
    path.write_bytes(content)
    with pytest.raises(WarehouseCorruptError, match="candlewick rebuild"):
        Warehouse.open(path)


def test_a_folder_in_its_place_is_one_line(path):
    path.mkdir(parents=True)
    with pytest.raises(WarehouseError):
        Warehouse.open(path)


def test_it_remembers_settings_and_forgets_old_rows(path, objects):
    warehouse = Warehouse.open(path)
    assert warehouse.setting("timezone") is None
    warehouse.note("timezone", "UTC")
    warehouse.note("timezone", "Asia/Kolkata")
    assert warehouse.setting("timezone") == "Asia/Kolkata"
    warehouse.load(objects[:2])
    warehouse.raw_from = objects[1].name
    warehouse.forget_rows()
    assert warehouse.count("raw.binance_raw") == 2
    warehouse.raw_from = objects[2].name + "~"
    warehouse.load(objects[2:])
    assert warehouse.count("raw.binance_raw") == 2
    assert warehouse.count("raw.loaded_objects") == 3
