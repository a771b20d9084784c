"""What is known of whole days gets into the lake, and from there into GOLD.TAPE_DAYS."""

from dataclasses import replace

from candlewick.lake import names
from candlewick.lake.objects import Lake
from candlewick.seal import keeping, notes
from candlewick.seal.ledger import Ledger
from candlewick.seal.sealing import Finding
from candlewick.seal.seals import Seals
from seal.lakes import DAYS, SYMBOL, all_lines, fill, lake_of, markets, settings_of


def seal(settings, days=None):
    return keeping.seal_days(settings, days, None, lambda *_: None, asks=False)


def told(lake: Lake) -> list:
    """The notes of a lake, in the order in which they were told."""
    found = sorted(item.name for item in lake.list_all() if "_sealed." in item.name)
    return [note for name in found for note in lake.read_object(name).manifest.days]


def test_what_changed_of_a_day_is_told_once(tmp_path):
    settings = settings_of(tmp_path)
    whole = markets()
    fill(lake_of(settings), [all_lines(whole[0], 30), whole[1]])
    found = seal(settings)
    assert [each.state for each in found] == ["healing", "sealed"]
    seal(settings, days=[DAYS[0]])
    assert [(note.symbol, note.day, note.state) for note in told(lake_of(settings))] == [
        (SYMBOL, str(DAYS[0]), "healing"),
        (SYMBOL, str(DAYS[1]), "sealed"),
    ]
    fill(lake_of(settings), [whole[0]], recorder="r2")
    seal(settings, days=[DAYS[0]])
    *_, newest = told(lake_of(settings))
    certificate = Seals(lake_of(settings)).certificate(SYMBOL, DAYS[0])
    assert (newest.state, newest.digest, newest.count) == ("sealed", certificate.digest, 300)
    assert newest.file == certificate.body["file"]["name"]


def test_what_is_sealed_and_told_is_forgotten_and_not_looked_at_again(tmp_path):
    settings = settings_of(tmp_path)
    fill(lake_of(settings), markets())
    seal(settings)
    ledger = Ledger(keeping.ledger_path(settings))
    assert list(ledger) == [] and not ledger.untold()
    assert seal(settings) == []
    assert [each.day for each in seal(settings, days=[DAYS[0]])] == [DAYS[0]]


def test_what_was_not_told_before_a_kill_is_told_by_the_next_sealing(tmp_path):
    settings = settings_of(tmp_path)
    lake = lake_of(settings)
    ledger = Ledger(keeping.ledger_path(settings))
    finding = Finding(SYMBOL, DAYS[0], "partial", "the tape has 13:00 to 23:59 of it")
    ledger.note(DAYS[0], [finding], 5, is_whole=True)
    assert Ledger(keeping.ledger_path(settings)).untold() == [finding]
    keeping.tell(lake, Ledger(keeping.ledger_path(settings)), 7)
    again = Ledger(keeping.ledger_path(settings))
    again.note(DAYS[0], [replace(finding, healed=9)], 8, is_whole=True)
    assert again.untold() == []
    assert [note.why for note in told(lake)] == [finding.reason]


def test_two_notes_of_one_moment_are_two_objects(tmp_path):
    lake = lake_of(settings_of(tmp_path))
    note = notes.note_of(Finding(SYMBOL, DAYS[0], "partial", "x"))
    one, other = notes.tell(lake, [note], 1_700_000_000_000_000), notes.tell(lake, [note], 1_700_000_000_000_000)
    assert one < other and names.parse(other) is not None
