"""Audits of a real warehouse against a real exchange. The lake is a day's backfill with some minutes spoilt."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from candlewick import audit, backfill
from candlewick.audit import report
from candlewick.audit import verdict as verdicts
from candlewick.cli import app
from candlewick.config import Settings
from candlewick.config.sections import DuckDBSettings, ExchangeSettings
from candlewick.errors import ConfigError, MartNotReadyError
from candlewick.fake_binance.faults import Faults
from candlewick.fake_binance.faults.seam import UNDISTURBED, Disturbance
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake.objects import Lake, pack
from candlewick.moments import MINUTE
from candlewick.spans import Spans
from candlewick.warehouse.duckdb import owner

SYMBOL = "BTCDEMO"
DAY = datetime.now(UTC).date() - timedelta(days=1)
MIDNIGHT = datetime(DAY.year, DAY.month, DAY.day)
LYING, CORRECTED, SPOILT, LOST = (MIDNIGHT + timedelta(minutes=each) for each in (100, 300, 500, 700))


class Liar(Faults):
    """The exchange's candle of one minute is not what its trades make."""

    def request(self, path, query):
        return Disturbance(edit=self._edit) if path.endswith("klines") else UNDISTURBED

    def _edit(self, rows):
        return [self._lie(row) if msgspec.json.decode(row)[0] // 1_000 == _us(LYING) // 1_000 else row for row in rows]

    def _lie(self, row):
        values = msgspec.json.decode(row)
        return msgspec.Raw(msgspec.json.encode([*values[:2], "999999.00000000", *values[3:]]))


def _us(moment):
    return round(moment.replace(tzinfo=UTC).timestamp() * 1e6)


def minute_of(line):
    return line["T"] // MINUTE * MINUTE if line["e"] == "trade" else line["k"]["t"]


class Lab:
    """The exchange, the lake and the warehouse."""

    def __init__(self, exchange, home: Path):
        self.exchange = exchange
        self.settings = Settings(
            data=home,
            prefix="demo",
            symbols=(SYMBOL,),
            exchange=ExchangeSettings(streams=(exchange.ws_url,), rest=(exchange.rest_url,), archive=exchange.rest_url),
            duckdb=DuckDBSettings(cycle_seconds=0.1),
        )
        self.lake = Lake.open(self.settings.lake_url, "demo")
        self.lost = Spans()

    def backfill(self):
        @contextmanager
        def watch(job):
            yield lambda: None

        backfill.run(self.settings, DAY, DAY, agree=lambda plan: True, watch=watch)

    def spoil(self):
        """Change the prices of a minute, a candle's volume, and lose three trades."""
        for item in list(self.lake.list_all()):
            each = self.lake.read_object(item.name)
            lines = [line for line in map(self._spoilt, map(json.loads, each.lines)) if line]
            spans = {
                symbol: msgspec.structs.replace(one, count=one.count) for symbol, one in each.manifest.spans.items()
            }
            manifest = msgspec.structs.replace(each.manifest, lines=len(lines), spans=spans)
            path = Path(self.lake.url) / item.name
            path.write_bytes(pack([json.dumps(line, separators=(",", ":")).encode() for line in lines], manifest))

    def _spoilt(self, line):
        minute = minute_of(line)
        if minute == _us(SPOILT) and line["e"] == "trade":
            return line | {"p": f"{float(line['p']) + 1:.8f}"}
        if minute == _us(CORRECTED) and line["e"] == "kline":
            return line | {"k": line["k"] | {"v": "0.00000001"}}
        if minute == _us(LOST) and line["e"] == "trade" and self.lost.count < 3:
            self.lost.add(line["t"], line["t"])
            return None
        return line

    def load(self):
        owner.run(self.settings, once=True)

    def audit(self, since=None, **options):
        return audit.run(self.settings, since, **options)

    def objects(self):
        return {item.name for item in self.lake.list_all()}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    options = ExchangeOptions(port=0, symbols=(SYMBOL,), rate=0.3, history=timedelta(days=3), weight_limit=1_000_000)
    with BackgroundExchange(options, Liar()) as running:
        made = Lab(running.exchange, tmp_path_factory.mktemp("lab"))
        made.backfill()
        made.spoil()
        made.load()
        yield made


@pytest.fixture(autouse=True)
def _settled(monkeypatch):
    """No hole is too young to be one."""
    monkeypatch.setattr(verdicts, "BEING_FILLED", timedelta(0))


def findings(verdict):
    return {each.open_time: each.finding.partition(":")[0] for each in verdict.mismatches}


def test_mismatches_are_rechecked_and_what_the_exchange_has_is_written_once(lab):
    before = lab.objects()
    seen = lab.audit(asks=False)
    assert findings(seen) == {LYING: "", CORRECTED: "", SPOILT: ""}
    assert lab.objects() == before
    first = lab.audit()
    assert findings(first) == {LYING: "agrees", CORRECTED: "corrected", SPOILT: "differs"}
    assert [each.open_time for each in first.mismatches if each.is_repaired] == [SPOILT, CORRECTED]
    assert (first.is_good, first.is_repaired) == (False, True)
    assert len(lab.objects() - before) == 3, "one for each repair, and one that leads to them"
    written = lab.objects()
    again = lab.audit()
    assert lab.objects() == written
    assert not again.is_repaired
    assert sum("in the lake already" in each.finding for each in again.mismatches) == 2
    lab.load()
    assert findings(lab.audit()) == {LYING: "agrees", SPOILT: "differs"}


def test_ids_that_are_missing_are_holes_and_their_minute_is_no_mismatch(lab):
    verdict = lab.audit(asks=False)
    (tape,) = verdict.tapes
    assert [(each.first, each.last) for each in verdict.holes] == lab.lost.ranges()
    assert (tape.holes, tape.declared, tape.not_asked_for) == (lab.lost.count, 0, 0)
    assert LOST not in findings(verdict)
    assert tape.candles["pending"] >= 1
    assert (tape.first_at, tape.last_at) == (MIDNIGHT, MIDNIGHT + timedelta(minutes=1_438))


def test_since_leaves_out_what_was_before(lab):
    verdict = lab.audit(LOST + timedelta(minutes=2), asks=False)
    assert verdict.is_good
    assert verdict.count("match") == sum(verdict.tapes[0].candles.values()) == 1_440 - 702 - 1
    assert "Proved" in "\n".join(map(str, report.render(verdict).renderables))


def test_ids_that_nobody_asked_for_are_no_hole(lab):
    state = backfill.settings_of(lab.settings).state_path
    before = state.read_bytes()
    known = msgspec.json.decode(before)
    (first, last) = lab.lost.ranges()[0]
    state.write_bytes(msgspec.json.encode(known | {"wanted": {SYMBOL: [(last + 1, last + 9)]}, "covered": {}}))
    try:
        verdict = lab.audit(asks=False)
    finally:
        state.write_bytes(before)
    assert (verdict.holes, verdict.tapes[0].not_asked_for) == ([], last - first + 1)


def test_an_exchange_that_is_away_leaves_the_mismatch_and_says_so(lab):
    away = ExchangeSettings(rest=("http://127.0.0.1:9",))
    verdict = audit.run(lab.settings.model_copy(update={"exchange": away}), None)
    assert not verdict.is_good
    assert all("not asked about: 127.0.0.1:9 cannot be reached" in each.finding for each in verdict.mismatches)


def test_the_command_tells_people_and_programs_and_its_exit_code_tells_all(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    config = tmp_path / "candlewick.toml"
    config.write_text(f'data = "{lab.settings.data}"\nprefix = "demo"\n')
    shown = CliRunner().invoke(app, ["audit", "--offline", "-c", str(config)])
    assert shown.exit_code == 1
    assert "Not proved" in shown.output
    assert f"mismatch {SYMBOL} {LYING:%Y-%m-%d %H:%M} (high)" in shown.output
    told = CliRunner().invoke(app, ["audit", "--offline", "--json", "-c", str(config)])
    answer = json.loads(told.output)
    assert (told.exit_code, answer["is_good"]) == (1, False)
    assert answer["symbols"][SYMBOL]["hole_ids"] == lab.lost.count
    since = ["--since", f"{LOST + timedelta(minutes=2):%Y-%m-%dT%H:%M}"]
    assert CliRunner().invoke(app, ["audit", "--offline", *since, "-c", str(config)]).exit_code == 0


def test_before_anything_is_published_there_is_no_verdict(tmp_path):
    with pytest.raises(MartNotReadyError):
        audit.run(Settings(data=tmp_path), None)


def test_a_moment_is_a_day_a_time_or_how_long_ago():
    assert audit.moment(None) is None
    assert audit.moment("2024-08-01") == datetime(2024, 8, 1)
    assert audit.moment("2024-08-01T13:30+05:30") == datetime(2024, 8, 1, 8)
    ago = datetime.now(UTC).replace(tzinfo=None) - audit.moment("6h")
    assert abs(ago - timedelta(hours=6)) < timedelta(seconds=5)
    with pytest.raises(ConfigError, match="--since: expected"):
        audit.moment("yesterday")
