"""Which days are looked at again, and when: on virtual time, in a file that a new process reads."""

import os
from dataclasses import replace
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.errors import SealBusyError
from candlewick.moments import DAY
from candlewick.process.files import lock_beside
from candlewick.seal import keeping
from candlewick.seal.ledger import MOST_TIMES, Ledger
from candlewick.seal.sealing import Finding
from seal.lakes import SYMBOL, settings_of

TODAY = date(2026, 1, 24)
SEALED = Finding("A", TODAY, "sealed")
HEALING = Finding("B", TODAY, "healing", "a trade id is missing")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "days.json"


def looked_at(path, days: int) -> int:
    """How often a day that cannot be sealed is looked at in so many days."""
    looks, now = 0, 0
    while now < days * DAY:
        ledger = Ledger(path)
        if ledger.is_due(TODAY, now):
            ledger.note(TODAY, [HEALING], now, is_whole=True)
            ledger.told()
            looks += 1
        now += DAY // 24
    return looks


def test_a_day_that_nobody_can_seal_costs_less_and_less(path):
    first = looked_at(path, 2)
    assert 4 < first < 8
    assert looked_at(path, 365) < first + 20


def test_a_symbol_that_seals_late_lets_the_objects_go_that_waited_for_it(path):
    near = [TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=1)]
    ledger, now = Ledger(path), 0
    ledger.note(TODAY, [SEALED, HEALING], now, is_whole=True)
    ledger.told()
    for _ in range(MOST_TIMES):
        for day in near:
            ledger.let_go(day, now)
        now += DAY
    assert not any(ledger.may_be_let_go(day, now) for day in near), "what did not go stays"
    ledger.note(TODAY, [SEALED, HEALING], now, is_whole=True)
    assert not any(ledger.may_be_let_go(day, now) for day in near), "nothing is sealed that was not before"
    ledger = Ledger(path)
    ledger.note(TODAY, [SEALED, replace(HEALING, state="sealed", reason="")], now, is_whole=True)
    assert all(Ledger(path).may_be_let_go(day, now) for day in near)


def test_two_never_seal_at_once_and_the_one_in_the_background_comes_again(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "LOWEST_PRIORITY", 0)  # this process goes on with other tests
    settings = settings_of(tmp_path)
    descriptor = lock_beside(keeping.ledger_path(settings))
    with pytest.raises(SealBusyError, match=f"another process seals days here .pid {os.getpid()}"):
        keeping.seal_days(settings, None, None, lambda *_: None)
    done = CliRunner().invoke(app, ["seal", "--due", "--config", str(written(settings, tmp_path))])
    assert done.exit_code == 0, done.output
    os.close(descriptor)
    assert keeping.seal_days(settings, None, None, lambda *_: None) == []


def written(settings, folder):
    path = folder / "candlewick.toml"
    path.write_text(f'data = "{settings.data}"\nprefix = "{settings.prefix}"\nsymbols = ["{SYMBOL}"]\n')
    return path
