"""The lineage names the seal of a day, whether it holds, and the sealed file for objects that went."""

from datetime import datetime, timedelta

import pytest

from candlewick.config import Settings
from candlewick.config.sections import RetentionSettings
from candlewick.dashboard.routes.shelf import Shelf
from candlewick.lake.sealed.reference import RECORDER
from candlewick.mart.reader import Mart
from candlewick.seal import keeping
from candlewick.seal.seals import Seals
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, settings_of
from warehouse.small_mart import SmallMart

NOON = datetime.combine(DAYS[0], datetime.min.time()) + timedelta(hours=12)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake of two sealed days, the raw objects gone."""
    settings = settings_of(tmp_path_factory.mktemp("sealed"), retention=RetentionSettings(raw=timedelta(seconds=1)))
    fill(lake_of(settings), markets())
    keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
    return settings


def mart_of(settings: Settings, folder: object) -> Mart:
    """A mart that was told of the first day."""
    small = SmallMart.make(folder)  # type: ignore[arg-type]
    small.put_trade(1, NOON)
    body = Seals(lake_of(settings)).certificate(SYMBOL, DAYS[0])
    small.warehouse.connection.execute(
        "insert into gold.tape_days by name select ? as symbol, ? as day, 'sealed' as state, now()::timestamp as"
        " loaded_at, ? as digest, ? as sealed_file, 1 as first_trade_id, 2 as last_trade_id, 300 as trade_count, 0 as"
        " declared_count",
        [SYMBOL, DAYS[0], body.digest, body.body["file"]["name"]],
    )
    small.publisher().publish()
    return Mart(small.path)


def test_a_seal_is_verified_against_its_file_and_one_that_changed_is_not(sealed: Settings, tmp_path) -> None:
    mart = mart_of(sealed, tmp_path)
    [day] = Shelf(sealed).days(mart, SYMBOL, NOON, NOON + timedelta(minutes=1))
    certificate = Seals(lake_of(sealed)).certificate(SYMBOL, DAYS[0])
    assert (day["day"], day["state"], day["digest"]) == (str(DAYS[0]), "sealed", certificate.digest)
    assert day["verified"] and day["problem"] is None
    path = sealed.data / "lake" / certificate.body["file"]["name"]
    content = path.read_bytes()
    try:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        [day] = Shelf(sealed).days(mart, SYMBOL, NOON, NOON + timedelta(minutes=1))
        assert not day["verified"] and "not the file that was certified" in day["problem"]
    finally:
        path.write_bytes(content)
    later = NOON + timedelta(days=1)
    assert Shelf(sealed).days(mart, SYMBOL, later, later + timedelta(minutes=1)) == []


def test_a_seal_that_held_is_looked_at_again_when_its_files_change(sealed: Settings, tmp_path) -> None:
    mart, shelf = mart_of(sealed, tmp_path), Shelf(sealed)
    minute = NOON, NOON + timedelta(minutes=1)
    assert shelf.days(mart, SYMBOL, *minute)[0]["verified"]
    [path] = (sealed.data / "lake").rglob(f"*{DAYS[0]}.certificate.json")
    content = path.read_bytes()
    at = content.index(b'"value":"') + 9
    digit = b"0" if content[at : at + 1] != b"0" else b"1"
    try:
        path.write_bytes(content[:at] + digit + content[at + 1 :])
        [day] = shelf.days(mart, SYMBOL, *minute)
        assert not day["verified"] and "the signature is not of this certificate" in day["problem"]
    finally:
        path.write_bytes(content)
    assert shelf.days(mart, SYMBOL, *minute)[0]["verified"]
    [path] = (sealed.data / "lake").rglob(f"*{DAYS[0]}.parquet")
    content = path.read_bytes()
    try:
        path.write_bytes(content + b"0")
        assert not shelf.days(mart, SYMBOL, *minute)[0]["verified"]
    finally:
        path.write_bytes(content)


def test_objects_that_went_are_named_as_the_sealed_file(sealed: Settings) -> None:
    lake = lake_of(sealed)
    folder = f"{sealed.prefix}/raw/{DAYS[0]}/12"
    [reference] = [
        item.name
        for item in lake.list_all()
        if f"_{RECORDER}-" in item.name and str(DAYS[0]) in item.name and lake.read_object(item.name).manifest.spans
    ]
    gone = {"object_name": f"{folder}/stream_{DAYS[0]}_12-00-00.000000_r1.json.zst", "recorder": "r1"}
    rows = [{"object_name": reference, "recorder": RECORDER}, gone]
    [held] = Shelf(sealed).holding(SYMBOL, rows)
    assert held["object_name"] == Seals(lake).name(SYMBOL, DAYS[0], "parquet") and held["is_seal"]
    assert Shelf(sealed).holding(SYMBOL, [gone]) == [gone], "without a seal nothing is looked for"
