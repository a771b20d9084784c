"""A proof is written whole or not at all, and says how it is checked."""

import re

import pytest
import structlog
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.errors import ConfigError, TornObjectError
from candlewick.seal import keeping, proving, verify
from candlewick.seal.certificate import Certificate
from candlewick.seal.seals import Seals
from candlewick.seal.signing import Signer
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, quiet, settings_of
from seal.made import Market, certify


@pytest.fixture
def sealed(tmp_path):
    """A lake with two sealed days."""
    settings = settings_of(tmp_path / "data")
    fill(lake_of(settings), map(quiet, markets(count=40)))
    keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
    return settings


def prove(settings, path, days=DAYS):
    return proving.prove(settings, SYMBOL, days, path, with_trades=True)


def test_a_proof_that_cannot_be_written_whole_leaves_what_was_there(sealed, tmp_path):
    path = prove(sealed, tmp_path / "days.zip").path
    good = path.read_bytes()
    [file] = (sealed.data / "lake").rglob(f"*{DAYS[1]}.parquet")
    content = bytearray(file.read_bytes())
    content[50] ^= 1
    file.write_bytes(bytes(content))
    with pytest.raises(TornObjectError):
        prove(sealed, path)
    assert path.read_bytes() == good
    with pytest.raises(TornObjectError):
        prove(sealed, tmp_path / "new.zip")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data", "days.zip"]


def test_what_is_no_file_is_not_replaced(sealed, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="expected the name of a file to write"):
        prove(sealed, tmp_path / "folder")
    with pytest.raises(ConfigError, match="cannot be written"):
        prove(sealed, tmp_path / "nowhere" / "days.zip")


def test_days_that_two_machines_sealed_are_proved_by_both_keys(tmp_path):
    one = settings_of(tmp_path / "one", lake=str(tmp_path / "lake"))
    other = settings_of(tmp_path / "other", lake=str(tmp_path / "lake"))
    fill(lake_of(one), map(quiet, markets(count=40)))
    with structlog.testing.capture_logs() as logged:
        for settings, day in ((one, DAYS[0]), (other, DAYS[1])):
            keeping.seal_days(settings, [day], None, lambda *_: None, asks=False)
    assert [each["day"] for each in logged if "not signed by the key of the day before" in each["event"]] == [
        str(DAYS[1])
    ]
    written = prove(other, tmp_path / "days.zip")
    keys = re.findall(r"--key ([0-9a-f]{64})", written.text)
    assert len(set(keys)) == 2 and written.told["public_keys"] == keys
    assert not [text for _, report in verify.verify(str(written.path), keys) for text in report.problems]
    assert [bool(report.problems) for _, report in verify.verify(str(written.path), keys[:1])] == [False, True]


def test_one_trade_of_an_unsigned_day_is_no_proof(tmp_path):
    settings, market = settings_of(tmp_path / "data"), Market(day=DAYS[0], count=40)
    seals = Seals(lake_of(settings))
    made, content = certify(market.gathered().assemble())
    about = seals.put_file(SYMBOL, DAYS[0], "parquet", content).described()
    seals.put_certificate(Certificate(made.body | {"file": about}))
    with pytest.raises(ConfigError, match="sealed unsigned, and of one trade only a signature is a proof"):
        proving.prove_trade(settings, SYMBOL, DAYS[0], 1_000, tmp_path / "trade.json")
    assert "--key" not in proving.prove(settings, SYMBOL, DAYS[:1], tmp_path / "day.zip", with_trades=True).text


@pytest.mark.parametrize("option", [["--to", str(DAYS[1])], ["--no-trades"]], ids=" ".join)
def test_the_proof_of_one_trade_takes_no_option_of_days(option, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["prove", SYMBOL, str(DAYS[0]), "--trade", "1000", *option])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == "--trade: proves one trade of one day; leave out --to and --no-trades"


def test_a_key_that_others_can_read_is_told_of_once(tmp_path):
    signer = Signer(tmp_path / "keys" / "seal.ed25519")
    made, _ = certify(Market(count=3).gathered().assemble())
    with structlog.testing.capture_logs() as logged:
        signer.sign(made)
        assert not [each for each in logged if "chmod 600" in each["event"]]
        (tmp_path / "keys" / "seal.ed25519").chmod(0o644)
        signer.sign(made)
        signer.sign(made)
    [told] = [each for each in logged if "chmod 600" in each["event"]]
    assert told["mode"] == "644" and told["log_level"] == "error"


def test_a_draft_of_a_key_that_a_killed_process_left_is_no_obstacle(tmp_path, monkeypatch):
    monkeypatch.setattr("os.getpid", lambda: 4711)
    (tmp_path / "seal.ed25519.4711").write_bytes(b"half")
    made, _ = certify(Market(count=3).gathered().assemble())
    assert Signer(tmp_path / "seal.ed25519").sign(made).signature
    assert [each.name for each in tmp_path.iterdir()] == ["seal.ed25519"]
