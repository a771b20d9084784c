"""Symbols that come late, to days that were looked at before, are found and sealed, at the cost of what is new."""

from datetime import timedelta

import pytest

from candlewick.moments import DAY, starts_at
from candlewick.seal import keeping
from candlewick.seal.following import Mark, follow
from candlewick.seal.ledger import FIRST_WAIT, Ledger
from candlewick.seal.seals import Seals
from seal.killed import again, keeping_none
from seal.lakes import DAYS, Recorder, fill, lake_of, markets, quiet, raw_lines, settings_of
from seal.made import Market

FIRST = DAYS[0]
BEFORE = FIRST - timedelta(days=1)
LATE = "ETHUSDT"
NOON = starts_at(DAYS[1]) + DAY + DAY // 2
"""Of the day after the sealed ones."""


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A lake of two days, both looked at; tests work on copies of it."""
    settings = settings_of(tmp_path_factory.mktemp("full"))
    writer = fill(lake_of(settings), map(quiet, markets(count=60)))
    writer.write([], at=NOON)
    assert {each.state for each in seal(settings)} == {"sealed"}
    return settings


def seal(settings):
    return keeping.seal_days(settings, None, None, lambda *_: None, asks=False)


def late_day() -> list[bytes]:
    return quiet(Market(seed=9, count=50, symbol=LATE, day=FIRST))


def backfilled(settings, raw: list[bytes], recorder: str = "r9", at: int = NOON + 1) -> Recorder:
    """Lines come by backfill, and a live object says so."""
    writer = Recorder(lake_of(settings), recorder)
    for start in range(0, len(raw), 40):
        writer.write(raw[start : start + 40], is_backfill=True, at=NOON + 1)
    writer.write([], at=at)
    return writer


class Counting:
    """A lake that counts what is read and listed of it."""

    def __init__(self, lake) -> None:
        self._lake, self.reads, self.lists = lake, [], []

    def read_text(self, name):
        self.reads.append(name)
        return self._lake.read_text(name)

    def list_folder(self, folder):
        self.lists.append(folder)
        return self._lake.list_folder(folder)

    def __getattr__(self, name):
        return getattr(self._lake, name)


def test_a_symbol_that_comes_by_backfill_to_a_day_of_before_is_sealed_by_itself(full, tmp_path):
    settings = again(full, tmp_path)
    assert seal(settings) == []
    backfilled(settings, late_day())
    assert [(each.symbol, each.day, each.state) for each in seal(settings)] == [(LATE, FIRST, "sealed")]
    assert seal(settings) == []
    ids = Seals(lake_of(settings)).certificate(LATE, FIRST).body
    assert (ids["first_id"], ids["count"]) == (1_000, 50)


def test_objects_of_a_late_symbol_go_too(full, tmp_path):
    settings = keeping_none(again(full, tmp_path))
    for _ in range(4):  # as often as a day's objects are looked at, and once more
        seal(settings)
    backfilled(settings, late_day())
    wanted = set(raw_lines(settings))
    seal(settings)
    assert not [each.name for each in lake_of(settings).list_all() if "_r9-" in each.name]
    assert set(raw_lines(settings)) == wanted


def test_one_that_is_not_whole_yet_is_looked_at_again_when_more_comes(full, tmp_path):
    settings = again(full, tmp_path)
    lines = late_day()
    writer = backfilled(settings, lines[:20])
    [found] = seal(settings)
    assert (found.symbol, found.state) == (LATE, "healing")
    path = keeping.ledger_path(settings)
    [entry] = Ledger(path)
    Ledger(path).note(FIRST, [found, found, found], entry.looked_at, is_whole=False)
    later = entry.looked_at + FIRST_WAIT
    assert not Ledger(path).is_due(FIRST, later)
    writer.write(lines[20:], is_backfill=True, at=NOON + 2)
    writer.write([], at=NOON + 3)
    ledger = Ledger(path)
    keeping.follow(lake_of(settings), Seals(lake_of(settings)), ledger)
    assert ledger.is_due(FIRST, later) and Ledger(path).is_due(FIRST, later)


def test_a_tape_that_goes_on_costs_one_object_whatever_is_there(full, tmp_path):
    settings = again(full, tmp_path)
    writer, raw = Recorder(lake_of(settings), "r9"), Market(seed=3, count=99, day=FIRST).lines()
    writer.write(raw[:1], at=NOON + 1)
    seal(settings)
    for number in range(1, 99):
        writer.write(raw[number : number + 1], at=NOON + 1 + number)
    lake, marks = Counting(lake_of(settings)), Ledger(keeping.ledger_path(settings)).marks
    new, came = follow(lake, marks)
    assert new["r9"].name == lake.reads[0] and len(lake.reads) == 1 and not came
    assert len(lake.lists) <= 2
    assert follow(lake, new) == (new, set()) and len(lake.reads) == 1


def test_a_recorder_that_was_away_for_days_fills_a_day_of_before(full, tmp_path):
    """Its ids go on above those it had."""
    settings = again(full, tmp_path)
    writer, before = Recorder(lake_of(settings), "r9"), starts_at(FIRST) - 1
    name = writer.write(Market(seed=9, count=1, symbol=LATE, first_id=999, day=BEFORE).lines(), at=before)
    ledger = Ledger(keeping.ledger_path(settings))
    ledger.came([], ledger.marks | {"r9": Mark(name, 1, before)})
    for line in late_day():
        writer.write([line], is_backfill=True, at=NOON + 1)
    writer.write([], at=NOON + 5)
    assert (LATE, FIRST, "sealed") in [(each.symbol, each.day, each.state) for each in seal(settings)]


def test_a_broken_chain_ends_there_and_what_lies_before_the_gap_is_found(full, tmp_path):
    settings = again(full, tmp_path)
    writer = Recorder(lake_of(settings), "r9")
    gone = writer.write([], at=NOON + 1)
    writer.write(late_day(), is_backfill=True, at=NOON + 1)
    writer.write([], at=NOON + 2)
    lake_of(settings).delete(gone)
    assert [(each.symbol, each.state) for each in seal(settings)] == [(LATE, "sealed")]
