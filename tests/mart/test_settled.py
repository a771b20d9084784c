"""Files of long ago are named apart from CURRENT: it stays as small as what is new, and no reader sees a difference."""

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from candlewick.mart import garbage, settled
from candlewick.mart.pins import pin
from candlewick.mart.reader import Mart
from candlewick.mart.settled import PATTERN, read_current
from candlewick.mart.version import CANDLES, CURRENT
from warehouse.small_mart import SmallMart

JANUARY = datetime(2024, 1, 5)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallMart:
    """Seven months with a candle each, of which all but the newest are settled."""
    monkeypatch.setattr(settled, "MANY", 3)
    mart = SmallMart.make(tmp_path)
    for month in range(1, 8):
        mart.put_candle(JANUARY.replace(month=month), price=month)
    return mart


def apart(mart: SmallMart) -> list[str]:
    return sorted(path.name for path in mart.path.glob(PATTERN))


def closes(mart: SmallMart) -> list[int]:
    return [int(row["close"]) for row in Mart(mart.path).candles("BTCUSDT", "1m").to_pylist()]


def test_current_names_what_is_new_and_readers_have_all(mart: SmallMart) -> None:
    publisher = mart.publisher()
    version = publisher.publish()
    assert [version.settled] == apart(mart)
    text = (mart.path / CURRENT).read_text()
    [newest] = [file.name for file in version.tables[CANDLES["1m"]].files if file.name in text]
    assert "2024-07-05" in newest
    assert read_current(mart.path) == version
    assert closes(mart) == [1, 2, 3, 4, 5, 6, 7]
    mart.put_candle(JANUARY.replace(month=7) + MINUTE, price=8)
    after = publisher.publish()
    assert after.settled == version.settled
    assert len((mart.path / CURRENT).read_text()) == len(text)
    assert read_current(mart.path) == after
    assert closes(mart) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_few_files_are_named_where_all_others_are(mart: SmallMart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "MANY", 64)
    version = mart.publisher().publish()
    assert (version.settled, apart(mart)) == (None, [])


def test_what_comes_late_replaces_a_name_and_pins_keep_those_of_before(
    mart: SmallMart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    publisher = mart.publisher()
    before = publisher.publish()
    pinned = pin(mart.path)
    mart.put_candle(JANUARY + MINUTE, price=9)
    after = publisher.publish()
    publisher.collect_garbage()
    assert closes(mart) == [1, 9, 2, 3, 4, 5, 6, 7]
    assert apart(mart) == sorted([before.settled, after.settled])
    assert pinned.version == before
    assert all((mart.path / name).exists() for name in before.file_names)
    pinned.release()
    publisher.collect_garbage()
    assert apart(mart) == [after.settled]


def test_the_next_owner_goes_on_with_the_same_names(mart: SmallMart) -> None:
    before = mart.publisher().publish()
    (mart.path / "settled.000000000000.json").write_text("{}")  # of an owner that was killed before it named it
    successor = mart.publisher()
    assert successor.current == before
    assert successor.publish() is None
    mart.put_candle(JANUARY.replace(month=8))
    assert successor.publish().settled == before.settled


@pytest.mark.parametrize("damage", ["torn", "gone"])
def test_names_that_a_power_cut_took_are_written_anew(mart: SmallMart, damage: str) -> None:
    before = mart.publisher().publish()
    settled._read.cache_clear()  # as in another process
    names = mart.path / before.settled
    if damage == "torn":
        names.write_bytes(names.read_bytes()[:-9])
    else:
        names.unlink()
    after = mart.publisher().publish()
    assert after.settled == before.settled
    assert closes(mart) == [1, 2, 3, 4, 5, 6, 7]


def test_a_reader_beside_an_owner_that_replaces_names_never_fails(
    mart: SmallMart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(garbage, "GRACE_SECONDS", 0.0)
    publisher = mart.publisher()
    publisher.publish()
    seen, is_over = set(), threading.Event()

    def read() -> None:
        while not is_over.is_set():
            seen.add(read_current(mart.path).version)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(40):
            mart.put_candle(JANUARY + number * MINUTE, price=number)
            publisher.publish()
            publisher.collect_garbage()
    finally:
        is_over.set()
        reader.join()
    assert len(seen) > 1
    assert read_current(mart.path).version == publisher.version
