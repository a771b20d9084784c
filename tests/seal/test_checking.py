"""`candlewick audit --lake` reads each sealed day against its certificate."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.config import Settings
from candlewick.lake.sealed.certified import canonical
from candlewick.seal import checking, keeping
from candlewick.seal.seals import Seals
from seal.lakes import DAYS, SYMBOL, fill, lake_of, markets, settings_of


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> Settings:
    settings = settings_of(tmp_path_factory.mktemp("sealed"))
    fill(lake_of(settings), markets(count=120), per_object=500)
    keeping.seal_days(settings, None, None, lambda *_: None, asks=False)
    return settings


def copied(settings: Settings, folder) -> Settings:
    shutil.copytree(settings.data, folder / "data")
    return settings.model_copy(update={"data": folder / "data"})


def check(settings: Settings) -> checking.SealsVerdict:
    return checking.run(settings, lambda _done, _total: None)


def spoil(settings: Settings, name: str) -> None:
    path = settings.data / "lake" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def test_days_that_are_as_certified_are_counted(sealed):
    verdict = check(sealed)
    assert verdict.is_good and (verdict.days, verdict.trades) == (2, 240)
    assert "2 days of 240 trades" in checking.render(verdict)


@pytest.mark.parametrize("kind", ["file", "evidence"])
def test_a_file_that_changed_or_is_gone_is_named(sealed, tmp_path, kind):
    settings = copied(sealed, tmp_path)
    name = Seals(lake_of(settings)).certificate(SYMBOL, DAYS[0]).body[kind]["name"]
    spoil(settings, name)
    [problem] = check(settings).problems
    assert name in problem
    (settings.data / "lake" / name).unlink()
    assert not check(settings).is_good


def test_a_day_that_was_sealed_again_breaks_the_chain(sealed, tmp_path):
    settings, other = copied(sealed, tmp_path), settings_of(tmp_path / "other")
    fill(lake_of(other), markets(count=120, days=DAYS[:1]), per_object=500, recorder="r2")
    keeping.seal_days(other, None, None, lambda *_: None, asks=False)
    for each in (other.data / "lake").rglob(f"{SYMBOL}-{DAYS[0]}.*"):
        shutil.copy(each, settings.data / "lake" / each.relative_to(other.data / "lake"))
    [problem] = check(settings).problems
    assert f"{SYMBOL} {DAYS[1]}: the day before is not the one that it names" in problem


@pytest.mark.parametrize("day", DAYS)
def test_a_sealed_day_that_is_gone_without_a_trace_of_its_own_is_named(sealed, tmp_path, day):
    settings = copied(sealed, tmp_path)
    for each in (settings.data / "lake").rglob(f"{SYMBOL}-{day}.*"):
        each.unlink()
    [problem] = check(settings).problems
    assert f"{SYMBOL} {day}: " in problem and "says that it is sealed, and it has no certificate" in problem


def test_a_certificate_that_changed_or_vouches_for_half_a_day_is_named(sealed, tmp_path):
    settings = copied(sealed, tmp_path)
    [path] = (settings.data / "lake").rglob(f"{SYMBOL}-{DAYS[1]}.certificate.json")
    body = json.loads(path.read_bytes())
    body["candles"][0][1] = "1.00000000"
    path.write_bytes(canonical(body) + b"\n")
    [problem] = check(settings).problems
    assert problem == f"{SYMBOL} {DAYS[1]}: the signature is not of this certificate"
    cut = {name: value for name, value in body.items() if name not in ("signature", "no_candle")}
    cut["candles"] = [row for row in body["candles"] if row[7]]
    path.write_bytes(canonical(cut) + b"\n")
    [problem] = check(settings).problems
    assert "minutes have no candle, nor the exchange's word for it" in problem and "did not ask" in problem


def test_the_command_ends_with_1_for_a_seal_that_does_not_hold(sealed, tmp_path):
    settings = copied(sealed, tmp_path)
    config = tmp_path / "candlewick.toml"
    config.write_text(f'data = "{settings.data}"\nprefix = "demo"\nsymbols = ["{SYMBOL}"]\n')
    run = CliRunner()
    done = run.invoke(app, ["audit", "--lake", "--config", str(config)])
    assert done.exit_code == 0 and "2 days of 240 trades" in done.output, done.output
    spoil(settings, Seals(lake_of(settings)).certificate(SYMBOL, DAYS[1]).body["file"]["name"])
    done = run.invoke(app, ["audit", "--lake", "--json", "--config", str(config)])
    told = json.loads(done.output)
    assert done.exit_code == 1 and not told["is_good"] and told["sealed"]["days"] == 2
    assert "not the file that was certified" in told["sealed"]["problems"][0]


def test_raw_objects_of_sealed_days_are_kept_a_week_in_a_folder_and_for_ever_in_s3(tmp_path):
    assert settings_of(tmp_path).raw_kept.days == 7
    assert settings_of(tmp_path, lake="s3://bucket/x").raw_kept is None
    assert settings_of(tmp_path, retention={"raw": "forever"}).raw_kept is None
    assert settings_of(tmp_path, lake="s3://bucket/x", retention={"raw": "30d"}).raw_kept.days == 30
