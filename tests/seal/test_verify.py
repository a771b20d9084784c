"""The stranger's check of a bundle."""

import json
import random
import subprocess
import sys
import zipfile
from contextlib import suppress
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from candlewick.seal import bundle, verify
from candlewick.seal.certificate import Certificate
from seal import forged_by_owner, forged_inclusion  # noqa: F401 - their kinds are among the forgeries
from seal.clean import CLEAN, write
from seal.forgery import FORGERIES, Forger, Parts, checked
from seal.made import DAY, Market, certify, missing, proof_of


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> Parts:
    """Two days in a row, signed: what forgers start with."""
    return Parts.made(tmp_path_factory.mktemp("seal"), count=150)


def test_a_clean_bundle_holds(parts, tmp_path):
    assert checked(parts.write(tmp_path / "clean.zip"), [parts.key]) == ([], [])


def test_clean_days_raise_no_alarm(tmp_path):
    for seed in range(20):
        market = Market(seed=seed, count=seed, places=((2, 5), (8, 8), (0, 3))[seed % 3]) if seed else Market(count=1)
        bundle.write(tmp_path / "day.zip", [proof_of(market, tmp_path / "key")], None, with_trades=True)
        assert checked(tmp_path / "day.zip") == ([], []), seed


@pytest.mark.parametrize("name", CLEAN)
def test_each_kind_of_clean_bundle_raises_no_alarm(tmp_path, name):
    for seed in range(3):
        made = CLEAN[name](tmp_path, random.Random(f"{name} {seed}"))
        write(tmp_path / "clean.zip", made)
        assert checked(tmp_path / "clean.zip", made.keys, made.trades) == ([], []), seed
        assert checked(tmp_path / "clean.zip", (), made.trades) == ([], []), seed


def test_a_late_day_is_said_to_have_no_link(tmp_path):
    write(tmp_path / "late.zip", CLEAN["a_day_that_came_late"](tmp_path, random.Random(1)))
    assert any(
        "no certificate links the two" in text
        for _, report in verify.verify(str(tmp_path / "late.zip"))
        for text in report.holds
    )


def test_a_certificate_of_a_version_that_asked_for_no_answer_says_so(parts, tmp_path):
    """Its minutes without a candle are told of as what they are: nothing shows that the day is whole."""
    forger = Forger(parts, tmp_path / "old.zip")
    forger.forge("minutes_cut_out", random.Random(1))
    body = {name: value for name, value in forger.certificate.body.items() if name != "no_candle"}
    old = parts.owner.sign(Certificate(body))
    bundle.write(forger.path, [parts.proofs[0]._replace(certificate=old)], None, with_trades=True)
    [problem], _ = checked(forger.path, [parts.key])
    assert "1 minutes have no candle" in problem and "the version that sealed it did not ask" in problem


def test_no_trade_is_named_where_nothing_tells_which(parts, tmp_path):
    """Without the list of leaves a trade may differ within its ms, and each candle be the same."""
    forger = Forger(parts, tmp_path / "forged.zip")
    for seed in range(10):
        forger.forge("flipped_and_hidden", random.Random(seed))
        assert checked(forger.path)[1] == [], seed


def test_trades_of_ones_own_are_for_one_day(parts, tmp_path):
    path = parts.write(tmp_path / "days.zip")
    with pytest.raises(ValueError, match="--trades is for a bundle of one day, and this one has 2"):
        verify.verify(str(path), (), str(path))


@pytest.mark.parametrize("name", FORGERIES)
def test_each_kind_of_forgery_is_named_with_its_first_bad_id(parts, tmp_path, name):
    forger = Forger(parts, tmp_path / "forged.zip")
    for seed in range(5):
        first_bad = forger.forge(name, random.Random(f"{name} {seed}"))
        problems, named = checked(forger.path, [parts.key], forger.trades)
        assert problems, f"{name} {seed}: passed"
        assert first_bad is None or first_bad in named, f"{name} {seed}: named {named}, not {first_bad}: {problems}"


def test_a_bundle_without_trades_proves_them_to_who_has_them(parts, tmp_path):
    market, proof = parts.markets[0], parts.proofs[0]
    bundle.write(tmp_path / "small.zip", [proof], None, with_trades=False)
    rows = [
        f"{trade_id},{price},{quantity},0,{at},{str(maker).title()},True"
        for trade_id, price, quantity, at, maker in market.trades
    ]
    (tmp_path / "archive.csv").write_text("\n".join(rows))
    assert checked(tmp_path / "small.zip", [parts.key]) == ([], [])
    assert checked(tmp_path / "small.zip", [parts.key], tmp_path / "archive.csv") == ([], [])
    rows[40] = rows[40].replace(",True,True", ",False,True") if "True,True" in rows[40] else rows[40] + "x"
    (tmp_path / "archive.csv").write_text("\n".join(rows[:41] + rows[42:]))
    problems, named = checked(tmp_path / "small.zip", [parts.key], tmp_path / "archive.csv")
    assert problems and named[0] in (market.trades[40][0], market.trades[41][0])


def test_the_proof_of_one_trade_is_small_and_holds_alone(parts, tmp_path):
    for trade in parts.markets[0].trades[::17]:
        content = bundle.inclusion(parts.proofs[0], trade[0])
        assert len(content) <= 2_048
        (tmp_path / "trade.json").write_bytes(content)
        assert checked(tmp_path / "trade.json", [parts.key]) == ([], [])
        forged = json.loads(content)
        forged["trade"] = forged["trade"][:-1] + "01"[forged["trade"][-1] == "0"]
        (tmp_path / "trade.json").write_text(json.dumps(forged))
        assert checked(tmp_path / "trade.json", [parts.key])[1] == [trade[0]]


def test_the_proof_of_one_trade_of_a_huge_day_is_at_most_two_kilobytes(parts):
    content = json.loads(bundle.inclusion(parts.proofs[0], parts.markets[0].trades[5][0]))
    longest = content | {"path": ["A" * 44] * 27, "trade": "9" * 19 + ",9999999.99,99999.99999,1732579200000,1"}
    assert len(json.dumps(longest, separators=(",", ":"))) <= 2_048


def test_a_declared_hole_is_no_missing_trade(tmp_path):
    market = Market()
    del market.trades[50:53]
    hole = 1_050, 1_052, missing("BTCUSDT", 1_050, 1_052).decode()
    made, content = certify(market.gathered().assemble(), None, (hole,))
    bundle.write(tmp_path / "hole.zip", [bundle.Proof(made, content)], None, with_trades=True)
    assert checked(tmp_path / "hole.zip") == ([], [])
    made.body["declared"] = []
    bundle.write(tmp_path / "hole.zip", [bundle.Proof(made, content)], None, with_trades=True)
    assert checked(tmp_path / "hole.zip")[1] == [1_050]


def test_signatures_are_those_of_another_implementation():
    for seed in range(20):
        key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        public, message = key.public_key().public_bytes_raw(), b"%d" % seed
        signature = key.sign(message)
        assert verify.is_signed(public, message, signature)
        assert not verify.is_signed(public, message + b".", signature)
        broken = bytearray(signature)
        broken[seed] ^= 1
        assert not verify.is_signed(public, message, bytes(broken))
        malleable = signature[:32] + (int.from_bytes(signature[32:], "little") + verify.L).to_bytes(32, "little")
        assert not verify.is_signed(public, message, malleable)


def test_the_verifier_in_the_bundle_runs_alone(parts, tmp_path):
    path = parts.write(tmp_path / "days.zip")
    with zipfile.ZipFile(path) as archive:
        archive.extract("verify.py", tmp_path)
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), str(path), "--key", parts.key]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"BTCUSDT {DAY}: holds" in done.stdout and "can know" in done.stdout
    lines = (tmp_path / "verify.py").read_text().splitlines()
    assert len(lines) <= 400


def test_what_is_no_bundle_is_no_traceback(parts, tmp_path):
    whole = parts.write(tmp_path / "whole.zip").read_bytes()
    rng = random.Random(4)
    for number in range(30):
        broken = bytearray(whole)
        for _ in range(rng.randint(1, 40)):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        (tmp_path / "broken.zip").write_bytes(bytes(broken[: rng.randrange(len(broken))] if number % 2 else broken))
        with suppress(verify.UNREADABLE):
            verify.verify(str(tmp_path / "broken.zip"))


def test_the_same_days_give_the_same_bundle(parts, tmp_path):
    assert parts.write(tmp_path / "one.zip").read_bytes() == parts.write(tmp_path / "two.zip").read_bytes()


def test_days_by_the_verifiers_calendar_are_those_of_python():
    for day in (date(1970, 1, 1), date(2024, 2, 29), date(2024, 3, 1), date(2000, 12, 31), date(2100, 3, 1), DAY):
        assert verify.day_starts(str(day)) == (day - date(1970, 1, 1)).days * 86_400_000
