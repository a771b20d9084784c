"""Days of a real lake become sealed, healed by a real exchange where objects were lost."""

import asyncio
import json
import random
import shutil

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from candlewick.binance.archive import Archive
from candlewick.cli import app
from candlewick.lake.objects import Lake, pack
from candlewick.lake.sealed import file
from candlewick.moments import DAY, starts_at
from candlewick.seal import keeping, verify
from candlewick.seal.ledger import Ledger
from candlewick.seal.seals import Seals
from seal.market import DAYS, FIRST, LAST, SYMBOL, copied, exchange, fill, ids_in, lake_of, put, raw_lines, settings_for


@pytest.fixture(scope="module")
def running():
    with exchange() as one:
        yield one


@pytest.fixture(scope="module")
def full(running, tmp_path_factory):
    """A lake with two whole days."""
    settings = settings_for(running, tmp_path_factory.mktemp("full"))
    fill(settings)
    return settings


def seal(settings, days=None, **options):
    return keeping.seal_days(settings, days, None, lambda *_: None, **options)


def sealed(settings, day):
    seals = Seals(lake_of(settings))
    certificate = seals.certificate(SYMBOL, day)
    return certificate, file.read(seals.content(certificate)), seals.evidence(certificate)


def true_ids(running, day):
    market = running.venue.market
    return range(market.id_at(SYMBOL, starts_at(day)), market.id_at(SYMBOL, starts_at(day) + DAY))


def test_whole_days_are_sealed_with_all_they_have_and_follow_each_other(running, full, tmp_path):
    settings = copied(full, tmp_path)
    assert [(each.day, each.state) for each in seal(settings)] == [(day, "sealed") for day in DAYS]
    again = []
    for day in DAYS:
        certificate, file, evidence = sealed(settings, day)
        assert file.trades.column("trade_id").to_pylist() == list(true_ids(running, day))
        assert len(certificate.body["candles"]) == 1_440
        again += [*file.lines(), *evidence]
    assert sorted(again) == sorted(set(raw_lines(settings)))
    assert sealed(settings, LAST)[0].body["previous"]["digest"] == sealed(settings, FIRST)[0].digest
    assert seal(settings) == []
    assert {each.state for each in seal(settings, days=DAYS)} == {"sealed"}


def test_a_lake_that_lost_objects_is_whole_again(running, full, tmp_path):
    settings = copied(full, tmp_path)
    lake, rng = lake_of(settings), random.Random(5)
    names = sorted(item.name for item in lake.list_all())
    for name in rng.sample(names, len(names) // 3):
        lake.delete(name)
    assert ids_in(raw_lines(settings)) < ids_in(raw_lines(full))
    found = seal(settings)
    assert [each.state for each in found] == ["sealed", "sealed"] and sum(each.healed for each in found)
    for day in DAYS:
        assert sealed(settings, day)[1].trades.column("trade_id").to_pylist() == list(true_ids(running, day))
    assert ids_in(raw_lines(settings)) >= {each for day in DAYS for each in true_ids(running, day)}


def test_trades_of_a_lost_sealed_file_are_asked_for_again_where_no_object_has_them(running, full, tmp_path):
    settings = copied(full, tmp_path)
    seal(settings)
    lake, about = lake_of(settings), sealed(settings, LAST)[0].body["file"]
    lake.delete(about["name"])
    for item in list(lake.list_all()):
        if "_sealed." not in item.name:
            lake.delete(item.name)
    [finding] = [each for each in seal(settings, days=[LAST]) if each.day == LAST]
    assert finding.state == "lost" and finding.healed
    assert "the lake has the very trades that were certified, and not when" in finding.reason
    assert ids_in(raw_lines(settings)) >= set(true_ids(running, LAST))


async def test_a_lost_file_of_a_day_from_the_archive_is_made_of_the_archives_again_byte_for_byte(
    running, full, tmp_path
):
    settings, path = settings_for(running, tmp_path), tmp_path / "day.zip"
    async with Archive(settings.exchange.archive) as archive:
        await archive.fetch(SYMBOL, LAST, path)
    arriving = keeping.arriving(settings)
    candles = [line for line in raw_lines(full) if b'"e":"kline"' in line]
    assert isinstance(await asyncio.to_thread(arriving.seal, SYMBOL, LAST, path, candles), tuple)
    lake, about = lake_of(settings), sealed(settings, LAST)[0].body["file"]
    content = lake.get(about["name"])
    lake.delete(about["name"])
    [finding] = await asyncio.to_thread(seal, settings, [LAST])
    assert finding.state == "sealed", finding.reason
    assert lake.get(about["name"]) == content


def test_what_manifests_claim_counts_for_nothing(full, tmp_path):
    """Objects keep their manifests and lose their lines: the day is healed, not believed."""
    settings = copied(full, tmp_path)
    lake = lake_of(settings)
    for item in list(lake.list_all())[:6]:
        held = lake.read_object(item.name)
        lake.delete(item.name)
        lake.put_absent(item.name, pack([], replace(held.manifest, lines=0)))
    assert [each.state for each in seal(settings)] == ["sealed", "sealed"]


def test_without_the_exchange_a_day_that_lacks_trades_says_which(full, tmp_path):
    settings = copied(full, tmp_path)
    lake = lake_of(settings)
    names = [item.name for item in lake.list_all() if lake.read_object(item.name).manifest.spans]
    lost = lake.read_object(sorted(names)[len(names) // 2])
    lake.delete(lost.name)
    span = lost.manifest.spans[SYMBOL]
    found = [each for each in seal(settings, asks=False) if each.state != "sealed"]
    assert len(found) == 1 and found[0].state in ("healing", "partial")
    assert str(span.first) in found[0].reason or "backfill" in found[0].reason


def test_a_tape_that_begins_within_a_day_is_partial_and_by_hand_whole(running, full, tmp_path):
    settings = copied(full, tmp_path)
    lake = lake_of(settings)
    for item in list(lake.list_all()):
        first = lake.read_object(item.name).manifest.spans.get(SYMBOL)
        if first and f"/{FIRST}/" in item.name and first.first < list(true_ids(running, FIRST))[1_000]:
            lake.delete(item.name)
    assert len(ids_in(raw_lines(settings))) < len(ids_in(raw_lines(full)))
    partial = seal(settings, asks=False)[0]
    assert partial.state == "partial" and f"candlewick backfill {SYMBOL} --from {FIRST}" in partial.reason
    whole = seal(settings, days=[FIRST])[0]
    assert whole.state == "sealed"
    assert sealed(settings, FIRST)[1].trades.column("trade_id").to_pylist() == list(true_ids(running, FIRST))


def test_a_day_that_is_not_the_exchanges_is_not_sealed(full, tmp_path):
    settings = copied(full, tmp_path)
    lake = lake_of(settings)
    name = next(item.name for item in lake.list_all() if lake.read_object(item.name).manifest.spans)
    held = lake.read_object(name)
    at = next(number for number, line in enumerate(held.lines) if b'"e":"trade"' in line)
    wrong = json.loads(held.lines[at])
    wrong["q"] = "0.00000001"
    lines = [*held.lines[:at], json.dumps(wrong, separators=(",", ":")).encode(), *held.lines[at + 1 :]]
    lake.delete(name)
    lake.put_absent(name, pack(lines, held.manifest))
    found = {each.state: each for each in seal(settings)}
    assert set(found) == {"sealed", "mismatch"}
    assert "not the exchange's" in found["mismatch"].reason and "volume" in found["mismatch"].reason


def test_days_are_due_when_they_are_at_rest_and_again_after_a_wait(full, tmp_path):
    settings = copied(full, tmp_path)
    lake = lake_of(settings)
    ledger = Ledger(keeping.ledger_path(settings))
    rest = starts_at(LAST) + DAY + 7_200_000_000
    assert keeping.due(settings, lake, ledger, rest - 1) == [FIRST]
    assert keeping.due(settings, lake, ledger, rest) == list(DAYS)
    seal(settings, asks=False)
    assert keeping.due(settings, lake, Ledger(keeping.ledger_path(settings)), rest) == []


def test_two_recorders_objects_become_one_seal(full, tmp_path):
    settings = copied(full, tmp_path)
    lake = lake_of(settings)
    for item in list(lake.list_all()):
        held = lake.read_object(item.name)
        other = [line.replace(b'"recv":1', b'"recv":2') for line in held.lines if b'"e":"trade"' in line]
        if other:
            put(lake, held, other, "r2-backfill")
    assert [each.state for each in seal(settings)] == ["sealed", "sealed"]
    certificate, file, evidence = sealed(settings, FIRST)
    assert certificate.body["count"] == len(file.trades) and not certificate.body["conflicting_ids"]
    assert len(evidence) == certificate.body["count"] + 1_440


def test_the_commands_seal_and_prove_and_the_bundle_holds(full, tmp_path):
    settings = copied(full, tmp_path)
    config = tmp_path / "candlewick.toml"
    config.write_text(f"""
        data = "{settings.data}"
        prefix = "demo"
        symbols = ["{SYMBOL}"]
        [exchange]
        streams = ["{settings.exchange.streams[0]}"]
        rest = ["{settings.exchange.rest[0]}"]
        archive = "{settings.exchange.archive}"
    """)
    run = CliRunner()
    done = run.invoke(app, ["seal", "--day", str(FIRST), "--day", str(LAST), "--config", str(config)])
    assert done.exit_code == 0, done.output
    path = tmp_path / "days.zip"
    done = run.invoke(app, ["prove", SYMBOL, str(FIRST), "--to", str(LAST), "-o", str(path), "--config", str(config)])
    assert done.exit_code == 0, done.output
    key = done.output.split("--key ")[1].split()[0]
    reports = verify.verify(str(path), [key])
    assert [name for name, _ in reports] == [f"{SYMBOL} {day}" for day in DAYS]
    assert not [report.problems for _, report in reports if report.problems]
    one = tmp_path / "trade.json"
    trade_id = str(sealed(settings, FIRST)[0].body["first_id"] + 3)
    done = run.invoke(app, ["prove", SYMBOL, str(FIRST), "--trade", trade_id, "-o", str(one), "--config", str(config)])
    assert done.exit_code == 0 and not verify.verify(str(one), [key])[0][1].problems
    assert (settings.data / "keys" / "seal.ed25519").stat().st_mode & 0o777 == 0o600
    done = run.invoke(app, ["prove", SYMBOL, "2020-01-01", "--config", str(config)])
    assert "not sealed; `candlewick seal --day 2020-01-01` says why" in str(done.exception)


def test_a_sealed_file_that_changed_proves_nothing(full, tmp_path):
    from candlewick.errors import TornObjectError  # noqa: PLC0415

    settings = copied(full, tmp_path)
    seal(settings, days=[FIRST])
    seals = Seals(lake_of(settings))
    certificate = seals.certificate(SYMBOL, FIRST)
    path = settings.data / "lake" / certificate.body["file"]["name"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(TornObjectError, match="not the file that was certified"):
        file.read(seals.content(certificate))


def test_sealing_works_on_s3(full, tmp_path, s3_server, monkeypatch):
    """The same lake in a bucket."""
    import boto3  # noqa: PLC0415

    from candlewick.config import S3Settings  # noqa: PLC0415

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1").create_bucket(Bucket="sealing")
    options = S3Settings(endpoint=s3_server, region="us-east-1", path_style=True)
    settings = copied(full, tmp_path).model_copy(update={"lake": "s3://sealing/lake", "s3": options})
    local, bucket = lake_of(full), Lake.open(settings.lake_url, settings.prefix, options)
    for item in local.list_all():
        bucket.put_absent(item.name, local.get(item.name))
    shutil.rmtree(settings.data / "state")
    assert [each.state for each in seal(settings)] == ["sealed", "sealed"]
    assert sealed(settings, LAST)[0].body["previous"]["day"] == str(FIRST)
