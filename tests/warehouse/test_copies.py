"""With a lake in S3, SILVER reads sealed days from copies of their files, as it reads those of a lake in a folder."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256

import boto3
import pytest
from msgspec.structs import replace

from candlewick.errors import TornObjectError, WarehouseError
from candlewick.lake.manifest import SealedPart
from candlewick.mart.version import TRADES
from candlewick.seal import keeping
from candlewick.status.places import places_of
from candlewick.warehouse.duckdb import copies as module
from candlewick.warehouse.duckdb.copies import Copies
from candlewick.warehouse.home import home_of
from peers.s3_front import serve
from seal.killed import KEYS, again, keeping_none, run, s3_at
from seal.lakes import DAYS, Recorder, fill, lake_of, markets, quiet, settings_of
from warehouse.test_letting_go import GOLD, in_table, letting_go, letting_silver_go, own_days, rows, version

STEPS = (
    "before copying a sealed file",
    "after copying a sealed file",
    "mid letting go of silver",
    "after letting go of silver",
)


@pytest.fixture(scope="module")
def front(s3_server):
    with serve(s3_server) as front:
        yield front


@pytest.fixture(scope="module")
def full(front, s3_server, tmp_path_factory):
    """Two days in a bucket, the first one sealed, in a warehouse that has both in its table; tests copy the latter."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1").create_bucket(Bucket="copies")
        home = tmp_path_factory.mktemp("full")
        settings = settings_of(home, lake="s3://copies/lake", s3=s3_at(front.url))
        first, second = map(quiet, markets(count=60))
        fill(lake_of(settings), [first, second[:-1]])
        found = keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
        assert [each.state for each in found] == ["sealed", "healing"]
        home_of(settings).own(once=True)
        assert in_table(settings) == set(DAYS) and not settings.copies_path.exists()
        yield settings


@pytest.fixture
def own(full, front, tmp_path, monkeypatch):
    """A copy of that warehouse, whose sealed day leaves its table as soon as it is owned."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    front.seen.clear()
    return letting_silver_go(again(full, tmp_path))


def fetched(front) -> int:
    """How often a sealed file was asked for."""
    return sum(method == "GET" and path.endswith(".parquet") for method, path, _ in front.seen)


def copies_of(settings) -> list:
    return sorted(settings.copies_path.rglob("*.parquet"))


@pytest.mark.parametrize("of", [letting_go, letting_silver_go])
def test_trades_of_a_sealed_day_are_read_from_a_copy_of_its_file_which_is_fetched_once(full, own, front, of):
    settings = of(own)
    home_of(settings).own(once=True)
    assert own_days(settings) == {DAYS[1]} and rows(settings) == rows(full)
    [sealed] = version(settings).tables[TRADES].sealed
    assert copies_of(settings) == [(settings.mart_path / sealed.name).resolve()]
    place = next(each for each in places_of(settings, {}) if each.name == "copies of sealed days")
    assert place.size == sealed.bytes == copies_of(settings)[0].stat().st_size
    asked = fetched(front)
    home_of(settings).own(once=True)
    assert fetched(front) == asked, "it is there"


def test_a_copy_that_is_gone_or_damaged_is_fetched_again(full, own, front):
    home_of(own).own(once=True)
    [path] = copies_of(own)
    whole = path.read_bytes()
    for left in (None, whole[:-7]):
        path.unlink() if left is None else path.write_bytes(left)
        home_of(own).own(once=True)
        assert path.read_bytes() == whole and rows(own) == rows(full) and in_table(own) == {DAYS[1]}
    path.write_bytes(bytes([*whole[:-1], whole[-1] ^ 1]))
    with late(own):
        home_of(own).own(once=True)
        assert in_table(own) == set(DAYS) == own_days(own), "what is damaged is not what comes back"
        assert len(rows(own)) == len(rows(full)) + 1 and set(rows(full)) < set(rows(own))


def test_a_copy_that_nothing_is_read_from_any_more_goes(full, own, monkeypatch):
    home_of(own).own(once=True)
    with late(own):
        home_of(own).own(once=True)
        assert in_table(own) == set(DAYS) and copies_of(own), "readers of the version before may be reading it"
        monkeypatch.setattr(module, "GRACE_SECONDS", 0.0)
        home_of(full.model_copy(update={"data": own.data})).own(once=True)
        assert not copies_of(own) and len(rows(own)) == len(rows(full)) + 1


def test_killed_at_any_step_readers_see_the_same_rows_and_the_next_start_goes_on(full, own, tmp_path):
    cases = [(again(own, tmp_path / str(number)), step) for number, step in enumerate(STEPS)]
    assert all(run(cases, "own"))
    for settings, step in cases:
        assert rows(settings) == rows(full), step
        home_of(letting_silver_go(settings)).own(once=True)
        assert rows(settings) == rows(full) and rows(settings, GOLD) == rows(full, GOLD), step
        assert in_table(settings) == {DAYS[1]} == own_days(settings), step
        assert len(copies_of(settings)) == 1, step


def test_who_rebuilds_the_warehouse_fetches_no_file_of_which_there_is_a_copy(full, own, front, s3_server):
    boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1").create_bucket(Bucket="rebuilt")
    settings = own.model_copy(update={"lake": "s3://rebuilt/lake"})
    old, new = lake_of(own), lake_of(settings)
    for folder in ("raw", "sealed"):
        for item in old.files(f"demo/{folder}"):
            new.put_absent(item.name, old.get(item.name))
    keeping.seal_days(keeping_none(settings), None, None, lambda *_: None, asks=False)  # the raw objects go
    front.seen.clear()
    for times in range(2):
        home_of(settings).rebuild(lambda *_: None)
        assert fetched(front) == 1, times
        assert in_table(settings) == {DAYS[1]} == own_days(settings)
        assert rows(settings) == rows(full) and rows(settings, GOLD) == rows(full, GOLD)


def test_parts_of_one_file_that_are_read_at_once_fetch_it_once_and_another_file_is_no_copy(own, front, tmp_path):
    name = next(item.name for item in lake_of(own).files("demo/sealed") if item.name.endswith(".parquet"))
    part = SealedPart(name, sha256(lake_of(own).get(name)).hexdigest(), group=0)
    front.seen.clear()
    copies = Copies(lake_of(own), tmp_path / "copies")
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(copies.look, [part] * 8))) == 1
    assert fetched(front) == 1
    other = Copies(lake_of(own), tmp_path / "other")
    with pytest.raises(TornObjectError, match=f"{name}: not the file that was sealed"):
        other.look(replace(part, sha256="0" * 64))
    assert not list(other.root.rglob("*"))


def test_a_lake_that_is_another_one_is_said(own):
    home_of(own).own(once=True)
    with pytest.raises(WarehouseError, match=r"reads 1 sealed days from a lake in a store.*`candlewick rebuild`"):
        home_of(own.model_copy(update={"lake": None})).own(once=True)


@contextmanager
def late(settings):
    """A trade of the sealed day that its file does not have, in the lake for a while."""
    first = markets(count=60)[0]
    lake = lake_of(settings)
    name = Recorder(lake, "r9").write([first.line(7), *type(first)(seed=9, count=1, first_id=999, day=DAYS[0]).lines()])
    try:
        yield
    finally:
        lake.delete(name)
