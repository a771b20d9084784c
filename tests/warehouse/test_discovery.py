from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from candlewick.errors import LakeError
from candlewick.lake.objects import Lake
from candlewick.moments import from_micros
from candlewick.warehouse.duckdb import discovery as module
from candlewick.warehouse.duckdb.discovery import Discovery
from warehouse.lakes import Writer, trade_line

NOW = 1_769_261_400_000_000
"""2026-01-24 13:30:00 UTC, in µs."""
OLD = NOW - 20 * 3_600_000_000


class Loaded(set[str]):
    """What is loaded, as a set of names."""

    def loaded_in(self, hour: datetime) -> set[str]:
        return {name for name in self if f"/{hour:%Y-%m-%d/%H}/" in name}

    def is_loaded(self, name: str) -> bool:
        return name in self


@pytest.fixture
def loaded() -> Loaded:
    return Loaded()


@pytest.fixture
def discovery(lake: Lake, loaded: Loaded) -> Discovery:
    return Discovery(lake, loaded)


@pytest.fixture
def writer(lake: Lake) -> Writer:
    return Writer(lake, clock=NOW)


def now() -> datetime:
    return from_micros(NOW).replace(tzinfo=UTC)


def live(writer: Writer) -> str:
    return writer.stream([trade_line("BTCUSDT", 1000 + writer.sequence, writer.clock)])


def old(writer: Writer) -> str:
    return writer.backfill([trade_line("BTCUSDT", writer.sequence, OLD)])


def taken(discovery: Discovery) -> list[str]:
    return list(iter(discovery.take, None))


def swept(discovery: Discovery) -> list[str]:
    names = []
    while discovery.is_sweeping:
        discovery.sweep_one_folder()
        names += taken(discovery)
    return names


def test_hot_folders_give_each_object_once_in_order(discovery, writer):
    first = [live(writer), live(writer)]
    discovery.look_at_hot_folders(now())
    assert taken(discovery) == first
    second = [live(writer)]
    discovery.look_at_hot_folders(now())
    assert taken(discovery) == second
    discovery.look_at_hot_folders(now())
    assert taken(discovery) == []


def test_a_recorders_clock_may_be_some_minutes_off(discovery, lake):
    names = [live(Writer(lake, recorder=f"r{skew}", clock=NOW + skew * 60_000_000)) for skew in (26, 33)]
    discovery.look_at_hot_folders(now() + timedelta(minutes=28))
    assert taken(discovery) == names


@pytest.mark.parametrize("hours", [-5_000, -9, 9])
def test_recorders_whose_clock_is_far_off_are_followed_from_hour_to_hour(discovery, writer, hours):
    first = live(writer)
    discovery.start_sweep()
    assert swept(discovery) == [first]
    for minutes in (1, 40, 40):
        writer.clock += minutes * 60_000_000
        name = live(writer)
        discovery.look_at_hot_folders(now() - timedelta(hours=hours))
        assert taken(discovery) == [name]


@pytest.mark.parametrize("hours", [-5_000, 9])
def test_the_first_object_of_an_empty_lake_is_found_wherever_a_clock_has_put_it(discovery, writer, hours):
    discovery.start_sweep()
    assert swept(discovery) == []
    discovery.look_at_hot_folders(now())
    assert swept(discovery) == []
    first = live(writer)
    discovery.look_at_hot_folders(now() - timedelta(hours=hours))
    assert swept(discovery) == [first]


def test_an_old_object_is_found_by_the_manifest_that_follows_it_without_listing(discovery, writer, lake):
    first = live(writer)
    discovery.look_at_hot_folders(now())
    assert taken(discovery) == [first]
    assert swept(discovery) == []
    backfilled, followed = old(writer), live(writer)
    discovery.look_at_hot_folders(now())
    assert taken(discovery) == [followed]
    discovery.follow(lake.read_object(followed).manifest)
    assert taken(discovery) == [backfilled]


def test_the_chain_goes_back_as_far_as_it_is_new(discovery, writer, lake, loaded):
    known = live(writer)
    loaded.add(known)
    names = [old(writer) for _ in range(3)] + [live(writer)]
    found = [names[-1]]
    for name in found:
        discovery.follow(lake.read_object(name).manifest)
        found += taken(discovery)
    assert found == names[::-1]


def test_the_sweep_finds_all_that_is_not_loaded_newest_folder_first(discovery, writer, lake, loaded):
    backfilled, first, second = old(writer), live(writer), live(writer)
    loaded.add(first)
    discovery.start_sweep()
    assert swept(discovery) == [second, backfilled]


def test_a_sweep_since_a_moment_leaves_older_folders_alone(discovery, writer):
    _, recent = old(writer), live(writer)
    discovery.start_sweep(since=now() - timedelta(hours=1))
    assert swept(discovery) == [recent]


def test_while_a_sweep_is_under_way_the_chain_does_not_run_ahead_of_it(discovery, writer, lake):
    backfilled, followed = old(writer), live(writer)
    discovery.start_sweep()
    discovery.sweep_one_folder()
    assert taken(discovery) == [followed]
    discovery.follow(lake.read_object(followed).manifest)
    assert taken(discovery) == []
    assert swept(discovery) == [backfilled]


def test_what_could_not_be_read_is_given_out_again(discovery, writer):
    name = live(writer)
    discovery.look_at_hot_folders(now())
    discovery.put_back(discovery.take())
    assert discovery.has_found
    assert taken(discovery) == [name]


def test_a_foreign_folder_does_not_stop_the_sweep(discovery, writer, lake):
    name = live(writer)
    lake.put_absent(f"{lake.prefix}/raw/notes/mine/shopping.txt", b"eggs")
    discovery.start_sweep()
    assert set(swept(discovery)) == {name, f"{lake.prefix}/raw/notes/mine/shopping.txt"}


def test_an_empty_lake_has_nothing(discovery):
    discovery.start_sweep()
    discovery.look_at_hot_folders(now())
    assert not discovery.is_sweeping
    assert taken(discovery) == []


def test_a_folder_that_could_not_be_listed_is_listed_again(discovery, writer, lake, monkeypatch):
    name = old(writer)
    discovery.start_sweep()
    folder = Path(lake.url) / name.rpartition("/")[0]
    folder.rename(folder.with_name("away"))
    folder.symlink_to(folder)  # a loop: an I/O error even for root
    with pytest.raises(LakeError):
        discovery.sweep_one_folder()
    folder.unlink()
    folder.with_name("away").rename(folder)
    while discovery.is_sweeping:
        discovery.sweep_one_folder()
    assert taken(discovery) == [name]


def test_a_name_that_cannot_be_read_lets_the_others_pass(discovery, writer):
    first, second = live(writer), live(writer)
    discovery.look_at_hot_folders(now())
    assert discovery.take() == first
    discovery.put_last(first)
    assert taken(discovery) == [second, first]


def test_what_is_found_and_not_yet_taken_is_never_found_again(discovery, writer, monkeypatch):
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    names = [live(writer) for _ in range(10)]
    for _ in range(2):
        discovery.start_sweep()
        while discovery.is_sweeping:
            discovery.sweep_one_folder()
    assert taken(discovery) == names
