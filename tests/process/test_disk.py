"""When a disk is full follows from what is free on it and what grows on it."""

from pathlib import Path

from candlewick.process.disk import Disk, Place, disk_of, in_words, with_days_to_full

ONE, OTHER = Disk(1, 100_000), Disk(2, 100_000)


def days(places: list[Place], disks: dict[str, Disk | None]) -> list[float | None]:
    return [place.days_to_full for place in with_days_to_full(places, disks)]


def test_what_shares_a_disk_fills_it_together_and_another_disk_is_another_matter() -> None:
    places = [Place("lake", "/a", 10, 3_000), Place("mart", "/b", 10, 2_000), Place("file", "/c", 10, 1_000)]
    assert days(places, {"/a": ONE, "/b": ONE, "/c": OTHER}) == [20.0, 20.0, 100.0]


def test_an_object_store_is_never_full_nor_is_a_disk_on_which_nothing_grows() -> None:
    places = [Place("lake", "s3://bucket", 10, 3_000), Place("mart", "/b", 10, 0), Place("file", "/b", 10)]
    assert days(places, {"s3://bucket": None, "/b": ONE}) == [None, None, None]


def test_a_path_has_a_disk_and_an_address_or_nothing_has_none(tmp_path: Path) -> None:
    disk = disk_of(str(tmp_path))
    assert disk is not None
    assert disk.identity == tmp_path.stat().st_dev
    assert disk.free > 0
    assert disk_of("s3://bucket/path") is disk_of(str(tmp_path / "nothing")) is None


def test_bytes_in_words_have_a_digit_more_where_there_are_few() -> None:
    assert [in_words(n) for n in (0, 999, 1_400, 123_456, 7_300_000, 2.5e9, 4e12)] == [
        "0 B",
        "999 B",
        "1.4 kB",
        "123 kB",
        "7.3 MB",
        "2.5 GB",
        "4.0 TB",
    ]
