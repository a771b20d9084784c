"""A sealed file that is lost is made again, to the very bytes that were certified; or what is lost of it is said."""

import shutil

import pytest

from candlewick.mart.reader import Mart
from candlewick.seal import checking, keeping
from candlewick.seal.seals import Seals
from candlewick.warehouse.home import home_of
from seal.killed import again, keeping_none, run
from seal.lakes import DAYS, SYMBOL, Recorder, fill, lake_of, markets, quiet, settings_of

FIRST, LAST = DAYS
STEPS = tuple(f"{when} restoring {kind}" for kind in ("file", "evidence") for when in ("before", "after"))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """Two sealed days, and their raw objects; tests work on copies of it."""
    settings = settings_of(tmp_path_factory.mktemp("sealed"))
    fill(lake_of(settings), map(quiet, markets(count=60)))
    assert [each.state for each in seal(settings)] == ["sealed", "sealed"]
    return settings


def seal(settings, *days, **options):
    options = {"asks": False, **options}
    return keeping.seal_days(settings, list(days) or None, None, lambda *_: None, **options)


def files_of(settings, day=FIRST) -> dict[str, bytes]:
    """A day's sealed files that are there, by name."""
    folder = settings.data / "lake" / "demo" / "sealed" / SYMBOL
    return {path.name: path.read_bytes() for path in folder.rglob(f"{SYMBOL}-{day}.*")}


def lose(settings, kind, day=FIRST, *, is_damaged=False) -> None:
    name = Seals(lake_of(settings)).certificate(SYMBOL, day).body[kind]["name"]
    path = settings.data / "lake" / name
    if is_damaged:
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: len(content) // 2])
    else:
        path.unlink()


def states(settings) -> dict[str, tuple[str, str]]:
    """What GOLD says of each day."""
    home_of(settings).own(once=True)
    with Mart(settings.mart_path).connect() as database:
        rows = database.execute("select day, state, coalesce(why, '') from gold.tape_days order by day").fetchall()
    return {str(day): (state, why) for day, state, why in rows}


@pytest.mark.parametrize("is_damaged", [False, True], ids=["gone", "damaged"])
def test_lost_files_are_made_again_of_raw_objects_byte_for_byte(sealed, tmp_path, is_damaged):
    settings, whole = again(sealed, tmp_path), files_of(sealed)
    for kind in ("file", "evidence"):
        lose(settings, kind, is_damaged=is_damaged)
        assert files_of(settings) != whole
        assert [each.state for each in seal(settings, FIRST)] == ["sealed"]
        assert files_of(settings) == whole
    for kind in ("file", "evidence"):
        lose(settings, kind, is_damaged=is_damaged)
    assert [each.state for each in seal(settings, FIRST)] == ["sealed"] and files_of(settings) == whole


def test_an_audit_tells_of_a_lost_day_and_sealing_it_again_tells_that_it_is_whole(sealed, tmp_path):
    settings = again(sealed, tmp_path)
    assert states(settings) == {str(day): ("sealed", "") for day in DAYS}
    lose(settings, "file")
    for _ in range(2):
        verdict = checking.run(settings, lambda *_: None)
        assert f"`candlewick seal --day {FIRST}`" in checking.render(verdict)
    told = states(settings)
    assert told[str(LAST)] == ("sealed", "")
    assert told[str(FIRST)] == ("mismatch", verdict.problems[0]) and f"{SYMBOL}-{FIRST}.parquet" in verdict.problems[0]
    [notes] = [[item for item in lake.list_all() if "_sealed." in item.name] for lake in [lake_of(settings)]]
    assert len(notes) == 2, "what was told is not told again"
    assert [each.state for each in seal(settings, FIRST)] == ["sealed"]
    assert states(settings) == {str(day): ("sealed", "") for day in DAYS}
    assert checking.run(settings, lambda *_: None).is_good


def test_what_neither_objects_nor_the_exchange_have_is_said_until_it_comes(sealed, tmp_path):
    settings, whole = keeping_none(again(sealed, tmp_path)), files_of(sealed)
    seal(settings)  # the raw objects go
    lose(settings, "file")
    [finding] = seal(settings, FIRST)
    assert finding.state == "lost" and not finding.digest
    assert "60 of its 60 trades are in no object any more, 1000 first" in finding.reason, finding.reason
    assert states(settings)[str(FIRST)] == ("mismatch", finding.reason)
    assert [each.state for each in seal(settings)] == ["lost"], "it is not forgotten where nothing of it is left"
    Recorder(lake_of(settings), "r9").write(markets(count=60)[0].lines())  # a copy of the lake is found
    assert [each.state for each in seal(settings)] == ["sealed"] and files_of(settings) == whole
    assert states(settings)[str(FIRST)] == ("sealed", "")


def test_trades_that_were_received_at_another_time_are_told_from_others(sealed, tmp_path):
    settings, first = keeping_none(again(sealed, tmp_path)), markets(count=60)[0]
    seal(settings)
    lose(settings, "file")
    writer = Recorder(lake_of(settings), "r9")
    later = [line.replace(b'"recv":1', b'"recv":2') for line in first.lines()]
    writer.write(later)
    [finding] = seal(settings, FIRST)
    assert finding.state == "lost" and "the very trades that were certified, and not when" in finding.reason
    home_of(settings).rebuild(lambda *_: None)
    assert states(settings)[str(FIRST)] == ("mismatch", finding.reason)
    with Mart(settings.mart_path).connect() as database:
        counted = database.execute("select count(*), count(distinct trade_id) from silver.trades_deduped").fetchall()
    assert counted == [(120, 120)], "the lines that came again are read where the sealed file is not"
    other = again(sealed, tmp_path / "other")
    shutil.rmtree(other.data / "lake" / "demo" / "raw")
    lose(other, "file")
    [line, *_] = first.lines()
    sold, bought = b'"m":true', b'"m":false'
    other_side = line.replace(sold, bought) if sold in line else line.replace(bought, sold)
    Recorder(lake_of(other), "r9").write([other_side, *later[1:]])
    [finding] = seal(other, FIRST)
    assert finding.state == "lost" and "the lake has other trades now" in finding.reason


def test_killed_at_any_step_of_a_restoration_the_next_one_ends_it(sealed, tmp_path):
    cases = []
    for number, step in enumerate(STEPS):
        settings = again(sealed, tmp_path / str(number))
        lose(settings, "file")
        lose(settings, "evidence", is_damaged=True)
        cases.append((settings, step))
    assert all(run(cases, "restore", FIRST))
    for settings, step in cases:
        assert [each.state for each in seal(settings, FIRST)] == ["sealed"], step
        assert files_of(settings) == files_of(sealed), step


def test_a_name_that_is_no_symbol_leaves_no_row_behind(sealed, tmp_path):
    settings = again(sealed, tmp_path)
    [finding] = keeping.seal_days(settings, [FIRST], ["TYPO"], lambda *_: None, asks=False)
    assert finding.state == "partial" and finding.reason == "the lake has no trade of TYPO"
    assert set(states(settings)) == {str(day) for day in DAYS}
