from pathlib import Path

import pytest

from candlewick.errors import LakeError
from candlewick.lake.objects import pack
from candlewick.warehouse.duckdb import loader as module
from candlewick.warehouse.duckdb.file import Warehouse
from candlewick.warehouse.duckdb.loader import NOTHING, Loader
from warehouse.lakes import MINUTE, START, Writer, trade_line


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse.open(tmp_path / "warehouse" / "candlewick.duckdb")


@pytest.fixture
def loader(lake, warehouse):
    loader = Loader(lake, warehouse)
    yield loader
    loader.close()


def write(writer: Writer, count: int, lines: int = 3) -> list[str]:
    return [writer.stream([trade_line("BTCUSDT", n * lines + k, START) for k in range(lines)]) for n in range(count)]


def sweep_and_load(loader: Loader, most_lines: int = 1_000_000) -> list[int]:
    """Sweep the lake to its end; the objects that each call of `load` loaded."""
    loads = []
    loader.discovery.start_sweep()
    while loader.discovery.is_sweeping or loader.discovery.has_found:
        loader.discovery.sweep_one_folder()
        loads.append(loader.load(most_lines).objects)
    return loads


def test_every_object_is_loaded_once_however_often_the_lake_is_swept(loader, writer, warehouse):
    write(writer, 20)
    assert sum(sweep_and_load(loader)) == 20
    assert sum(sweep_and_load(loader)) == 0
    assert sum(sweep_and_load(Loader(loader.lake, warehouse))) == 0
    assert warehouse.count("raw.loaded_objects") == 20
    assert warehouse.count("raw.binance_raw") == 20 * 4


def test_one_call_loads_objects_of_many_hours(loader, writer):
    hour = 60 * MINUTE
    for n in range(24):
        writer.backfill([trade_line("BTCUSDT", n, START + n * hour)])
    loader.discovery.start_sweep()
    assert loader.load(1_000_000).objects == 24
    assert not loader.discovery.is_sweeping


def test_a_hole_is_news_for_the_audit_when_it_comes_and_when_it_goes_and_not_while_it_stays(loader, writer):
    def has_news(*ids: int) -> bool:
        writer.stream([trade_line("BTCUSDT", n, START) for n in ids])
        loader.discovery.start_sweep()
        loader.discovery.sweep_one_folder()
        return loader.load(1_000).has_news_for_audit

    assert not has_news(1, 2)
    assert has_news(5)
    assert not has_news(6)
    writer.declared = {"BTCUSDT": [(3, 3)]}
    assert has_news(7)
    assert not has_news(8)
    assert has_news(4)
    assert not has_news(9)


def test_a_backlog_is_loaded_in_batches_of_bounded_size(loader, writer, warehouse, monkeypatch):
    monkeypatch.setattr(module, "BATCH_LINES", 10)
    write(writer, 20)
    loads = sweep_and_load(loader, most_lines=20)
    assert sum(loads) == 20
    assert max(loads) == 8
    batches = "select count(*) as objects from raw.loaded_objects group by loaded_at"
    assert warehouse.connection.execute(f"select max(objects) from ({batches})").fetchall() == [(4,)]


def test_torn_and_foreign_objects_are_named_and_never_loaded_in_part(loader, writer, warehouse, lake):
    good = write(writer, 2)
    folder = good[0].rpartition("/")[0]
    whole = lake.get(good[0])
    torn = f"{folder}/stream_2024-08-08_00-00-00.000000_r9.json.zst"
    lake.put_absent(torn, whole[: len(whole) // 2])
    lake.put_absent(f"{folder}/notes.txt", b"not ours")
    assert sum(sweep_and_load(loader)) == 2
    assert set(loader.skipped) == {torn, f"{folder}/notes.txt"}
    assert "not a whole object" in loader.skipped[torn]
    assert warehouse.count(f"raw.binance_raw where object_name = '{torn}'") == 0
    assert sum(sweep_and_load(loader)) == 0


def test_an_object_with_a_line_that_is_not_json_is_named(loader, writer, warehouse, lake):
    [name] = write(writer, 1)
    item = lake.read_object(name)
    bad = name.replace("_r1", "_r2")
    lake.put_absent(bad, pack([b"{"] * 3, item.manifest))
    assert sum(sweep_and_load(loader)) == 1
    assert loader.skipped == {bad: "line 1 is not JSON"}
    assert not warehouse.is_loaded(bad)


def test_an_object_that_a_manifest_names_and_nobody_has_is_named(loader, writer):
    writer.previous = "binance/raw/2024-08-08/00/stream_2024-08-08_00-00-00.000000_r1.json.zst"
    missing = writer.previous
    write(writer, 1)
    assert sum(sweep_and_load(loader)) == 1
    assert loader.load(1000) == NOTHING
    assert loader.skipped == {missing: "it was listed, or a manifest names it, and it is not in the lake"}


def test_what_cannot_be_read_now_is_loaded_when_it_can(loader, writer, tmp_path):
    names = write(writer, 5)
    unreadable = tmp_path / "lake" / names[3]
    loader.discovery.start_sweep()
    loader.discovery.sweep_one_folder()
    content = unreadable.read_bytes()
    unreadable.unlink()
    unreadable.symlink_to(unreadable)  # reading it fails, in a way that is not "no such object"
    assert loader.load(1000).objects == 4
    with pytest.raises(LakeError):
        loader.load(1000)
    unreadable.unlink()
    unreadable.write_bytes(content)
    assert loader.load(1000).objects == 1


def test_small_objects_are_read_many_in_one_go_and_large_ones_behind_them_are_not(loader, writer, monkeypatch):
    write(writer, 300, lines=2)
    for n in range(40):
        writer.backfill([trade_line("ETHUSDT", n * 3_000 + k, START) for k in range(3_000)])
    goes = []
    reading = loader._read_some
    monkeypatch.setattr(loader, "_read_some", lambda names: goes.append(reading(names)) or goes[-1])
    assert sum(sweep_and_load(loader)) == 340
    lines = [[outcome.manifest.lines for outcome in outcomes] for outcomes in goes]
    assert len(lines) < 100
    assert max(len(each) for each in lines) > 100
    assert all(sum(each[:-1]) < module._AT_ONCE for each in lines)


def test_of_objects_read_in_one_go_those_behind_one_that_cannot_be_read_are_loaded(loader, writer, tmp_path):
    names = write(writer, 100)
    loader.discovery.start_sweep()
    while loader.discovery.is_sweeping:
        loader.discovery.sweep_one_folder()
    unreadable = tmp_path / "lake" / names[50]
    content = unreadable.read_bytes()
    unreadable.unlink()
    unreadable.symlink_to(unreadable)
    loaded = 0
    with pytest.raises(LakeError):
        while True:
            loaded += loader.load(1_000).objects
    assert loaded == 99
    unreadable.unlink()
    unreadable.write_bytes(content)
    assert loader.load(1_000).objects == 1


def test_news_for_the_audit_are_klines_and_holes(loader, writer):
    write(writer, 1)
    loader.discovery.start_sweep()
    loader.discovery.sweep_one_folder()
    assert not loader.load(1000).has_news_for_audit
    writer.stream([trade_line("BTCUSDT", 100, START)])
    loader.discovery.start_sweep()
    loader.discovery.sweep_one_folder()
    assert loader.load(1000).has_news_for_audit
