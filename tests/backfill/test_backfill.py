"""Backfills from a real exchange's archive and REST into a real lake; the exchange's market is the truth."""

import json
import re
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from typer.testing import CliRunner

from candlewick import backfill
from candlewick.backfill import planning
from candlewick.binance import daily_file
from candlewick.cli import app
from candlewick.config import Settings
from candlewick.config.sections import ExchangeSettings
from candlewick.errors import CheckpointError, ConfigError, UnknownSymbolError
from candlewick.fake_binance.faults import Faults
from candlewick.fake_binance.server.background import BackgroundExchange
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.lake import inventory, names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.moments import MINUTE, starts_at
from candlewick.seal import keeping
from candlewick.seal.seals import Seals
from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.tape.checkpoint import Checkpoint

SYMBOL = "BTCDEMO"
TODAY = datetime.now(UTC).date()
FIRST, LAST = TODAY - timedelta(days=3), TODAY - timedelta(days=1)


class Files(Faults):
    """What is wrong with the files of some days."""

    def __init__(self, **wrong):
        self.wrong = wrong
        self.asked = []

    def file(self, name):
        self.asked.append(name)
        return next((fault for fault, day in self.wrong.items() if str(day) in name), None)

    def downloads(self, day):
        return sum(f"{SYMBOL}-trades-{day}.zip" in name and not name.endswith("CHECKSUM") for name in self.asked)


@pytest.fixture(autouse=True)
def _small_days(monkeypatch):
    """The market is a quiet one."""
    monkeypatch.setattr(planning, "SMALL", 50)


@contextmanager
def exchange(faults=None, **options):
    market = {"symbols": (SYMBOL,), "rate": 0.06, "history": timedelta(days=6), "weight_limit": 1_000_000}
    with BackgroundExchange(ExchangeOptions(port=0, **(market | options)), faults) as running:
        yield running.exchange


@pytest.fixture(scope="module")
def plain():
    """An exchange whose files are as they should be, shared: nothing changes it."""
    with exchange() as running:
        yield running


def settings_for(running, tmp_path, *symbols):
    return Settings(
        data=tmp_path / "data",
        prefix="demo",
        symbols=symbols or (SYMBOL,),
        exchange=ExchangeSettings(streams=(running.ws_url,), rest=(running.rest_url,), archive=running.rest_url),
    )


class Watched:
    """A backfill with what it showed: its plan, its job, and how often it told its progress."""

    def __init__(self, settings, first=FIRST, last=LAST, agree=lambda plan: True, sealing=None):
        self.plan = self.job = None
        self.shown = []
        watch = {"agree": self._agree(agree), "watch": self._watch}
        self.outcome = backfill.run(settings, first, last, sealing=sealing, **watch)

    def _agree(self, agree):
        def see(plan):
            self.plan = plan
            return agree(plan)

        return see

    @contextmanager
    def _watch(self, job):
        self.job = job
        yield lambda: self.shown.append(job.progress)
        self.shown.append(job.progress)

    @property
    def sources(self):
        return [day.source for day in self.plan.days]


class Tape:
    """What is in the lake."""

    def __init__(self, settings):
        self.lake = Lake.open(settings.lake_url, settings.prefix)
        self.objects = sorted(
            (self.lake.read_object(item.name) for item in self.lake.list_all()), key=lambda each: each.manifest.seq
        )
        lines = [json.loads(line) for each in self.objects for line in each.lines]
        self.trades = [line for line in lines if line["e"] == "trade"]
        self.klines = [line for line in lines if line["e"] == "kline"]

    @property
    def ids(self):
        ids = [line["t"] for line in self.trades]
        assert len(set(ids)) == len(ids), "an id is there twice"
        return Spans((each, each) for each in sorted(ids)).ranges()

    @property
    def minutes(self):
        minutes = [line["k"]["t"] // MINUTE for line in self.klines]
        assert len(set(minutes)) == len(minutes), "a candle is there twice"
        return Spans((each, each) for each in sorted(minutes)).ranges()


def truth(running, first=FIRST, last=LAST):
    """The ids of some days, as the market issued them."""
    market, after = running.market, last + timedelta(days=1)
    return [(market.id_at(SYMBOL, starts_at(first)), market.id_at(SYMBOL, starts_at(after)) - 1)]


def test_whole_days_come_from_their_files_with_every_trade_and_candle_once(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(daily_file, "ROWS_PER_PART", 2_000)
    settings = settings_for(plain, tmp_path)
    done = Watched(settings)
    ids = truth(plain)
    expected = plain.market.trades(SYMBOL, ids[0][0], ids[0][0])
    assert done.sources == ["archive"] * 3
    assert done.outcome.is_complete
    assert done.outcome.trades == done.plan.missing == ids[0][1] - ids[0][0] + 1
    assert done.outcome.notes == []
    assert done.shown[-1] == (done.plan.missing, done.plan.missing)
    tape = Tape(settings)
    assert tape.ids == ids
    assert {line["src"] for line in tape.trades} == {"archive"}
    assert tape.trades[0]["T"] == int(expected.traded_at[0])
    assert tape.minutes == [(starts_at(FIRST) // MINUTE, starts_at(TODAY) // MINUTE - 1)]
    assert max(len(each.lines) for each in tape.objects if each.manifest.spans) == 2_000
    assert not list((settings.data / "tmp").iterdir())


def test_objects_that_were_deleted_are_fetched_again_by_the_same_command(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(daily_file, "ROWS_PER_PART", 2_000)
    monkeypatch.setattr(inventory, "REST_SECONDS", 0.0)
    settings = settings_for(plain, tmp_path)
    Watched(settings)
    tape = Tape(settings)
    gone = [each for each in tape.objects if each.manifest.spans][1:3]
    for each in gone:
        tape.lake.delete(each.name)
    again = Watched(settings)
    lost = sum(extent.count for each in gone for extent in each.manifest.spans.values())
    assert again.plan.missing == again.outcome.trades == lost > 0
    assert again.outcome.notes == [
        f"{SYMBOL}: {lost:,} trades had been fetched before, and their objects were gone from the lake"
    ]
    assert Tape(settings).ids == truth(plain)
    assert Watched(settings).plan.is_empty


def test_the_newest_object_leads_to_all_others(plain, tmp_path):
    settings = settings_for(plain, tmp_path)
    Watched(settings, first=LAST)
    objects = Tape(settings).objects
    assert [each.manifest.seq for each in objects] == list(range(1, len(objects) + 1))
    assert [each.manifest.prev for each in objects] == [None, *(each.name for each in objects[:-1])]
    assert objects[-1].name.rpartition("/")[2].startswith(f"stream_{datetime.now(UTC):%Y-%m-%d}")
    assert objects[-1].lines == []
    assert objects[-1].manifest.recorder == "r1-backfill"
    assert objects[-1].manifest.covered == {SYMBOL: Tape(settings).ids}


def test_today_comes_from_rest_and_goes_on_where_it_was(tmp_path):
    with exchange(rate=0.5) as running:
        settings = settings_for(running, tmp_path)
        done = Watched(settings, first=TODAY, last=date.max)
        assert done.sources in (["rest"], ["held"])
        assert {day.note for day in done.plan.days} <= {"not over yet", ""}
        first = truth(running, TODAY, TODAY)[0][0]
        assert [each[0] for each in Tape(settings).ids] in ([first], [])
        assert done.outcome.is_complete


def test_a_second_run_fetches_nothing_with_or_without_its_checkpoint(plain, tmp_path):
    settings = settings_for(plain, tmp_path)
    Watched(settings)
    before = Tape(settings)
    again = Watched(settings)
    backfill.settings_of(settings).state_path.unlink()
    lost = Watched(settings)
    assert again.plan.is_empty
    assert lost.sources == ["held"] * 3
    assert (Tape(settings).ids, Tape(settings).minutes) == (before.ids, before.minutes)


def hold(settings, ranges):
    """Put an object of the recorder that holds these ids, but for their lines: what it claims is there."""
    ids = Spans(ranges)
    extents = {SYMBOL: Extent(ids.first, ids.last, ids.count, ids.ranges())}
    manifest = Manifest(recorder="r1", seq=1, prev=None, created=0, lines=0, spans=extents, covered={SYMBOL: ranges})
    lake = Lake.open(settings.lake_url, settings.prefix)
    lake.put_absent(names.stream(settings.prefix, "r1", starts_at(LAST)), pack([], manifest))


def test_what_the_recorder_holds_is_not_fetched(plain, tmp_path):
    settings = settings_for(plain, tmp_path)
    ids = truth(plain)[0]
    middle = (truth(plain, LAST, LAST)[0][0], ids[1] - 5)
    minutes = [(starts_at(LAST) // MINUTE, starts_at(TODAY) // MINUTE - 1)]
    settings.state_path.parent.mkdir(parents=True)
    Checkpoint("r1", covered={SYMBOL: [middle]}, minutes={SYMBOL: minutes}).save(settings.state_path)
    hold(settings, [middle])
    done = Watched(settings)
    assert done.sources == ["archive", "archive", "rest"]
    assert Tape(settings).ids == [(ids[0], middle[0] - 1), (ids[1] - 4, ids[1])]
    assert Tape(settings).minutes == [(starts_at(FIRST) // MINUTE, starts_at(LAST) // MINUTE - 1)]


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ("wrong_checksum", "expected SHA-256 .*: asked for by id instead"),
        ("truncated_zip", "expected SHA-256 .*: asked for by id instead"),
        ("incomplete_day", r"its file lacks \d+ trades: asked for by id"),
    ],
)
def test_a_file_that_is_wrong_is_said_and_its_trades_come_by_id(tmp_path, fault, note):
    with exchange(Files(**{fault: LAST})) as running:
        settings = settings_for(running, tmp_path)
        done = Watched(settings, first=LAST - timedelta(days=1))
        ids = truth(running, LAST - timedelta(days=1))
    assert done.sources == ["archive", "archive"]
    assert done.outcome.is_complete
    assert len(done.outcome.notes) == 1
    assert re.search(note, done.outcome.notes[0])
    assert Tape(settings).ids == ids
    assert {line["src"] for line in Tape(settings).trades} == {"archive", "rest"}


def test_a_day_that_the_archive_lacks_is_said_in_the_plan_and_comes_by_id(tmp_path):
    with exchange(Files(missing_day=LAST)) as running:
        settings = settings_for(running, tmp_path)
        done = Watched(settings, first=LAST)
        assert [(day.source, day.note) for day in done.plan.days] == [("rest", "not in the archive")]
        assert Tape(settings).ids == truth(running, LAST)


def test_a_file_that_was_replaced_is_said_and_not_read_again_for_nothing(tmp_path):
    faults = Files()
    with exchange(faults) as running:
        settings = settings_for(running, tmp_path)
        Watched(settings, first=LAST)
        faults.wrong = {"replaced_file": LAST}
        again = Watched(settings, first=LAST)
    (day,) = again.plan.days
    assert (day.source, again.plan.is_empty) == ("held", True)
    assert day.note == "its file was replaced since it was read, and is not needed: no trade of it is missing"


def test_a_new_file_is_read_for_what_rest_said_does_not_exist(plain, tmp_path):
    settings = settings_for(plain, tmp_path)
    ids = truth(plain, LAST)[0]
    own = backfill.settings_of(settings)
    own.state_path.parent.mkdir(parents=True)
    held, hole = [(ids[0], ids[1] - 10), (ids[1] - 5, ids[1])], (ids[1] - 9, ids[1] - 6)
    other = Checkpoint("r1", covered={SYMBOL: held})
    hold(settings, held)
    other.save(settings.state_path)
    Checkpoint(own.recorder, declared={SYMBOL: [hole]}).save(own.state_path)
    done = Watched(settings, first=LAST)
    assert done.sources == ["archive"]
    assert Tape(settings).ids == [hole]
    assert checkpoint.load(own.state_path, own.recorder).declared == {}


def test_days_before_what_rest_reaches_come_from_their_files(plain, tmp_path, monkeypatch):
    reached = {}

    async def first_at(rest, symbol, time_us):
        """REST forgets what is older than yesterday."""
        return await honest(rest, symbol, max(time_us, reached["at"]))

    honest = backfill.Rest.first_at
    reached["at"] = starts_at(LAST)
    monkeypatch.setattr(backfill.Rest, "first_at", first_at)
    settings = settings_for(plain, tmp_path)
    done = Watched(settings)
    again = Watched(settings)
    ids = truth(plain)
    assert [day.ids is None for day in done.plan.days] == [True, True, False]
    assert Tape(settings).ids == ids
    assert again.plan.is_empty


def test_a_plan_that_is_refused_fetches_nothing(tmp_path):
    faults = Files()
    with exchange(faults) as running:
        settings = settings_for(running, tmp_path)
        done = Watched(settings, agree=lambda plan: False)
    assert done.outcome is None
    assert Tape(settings).objects == []


def test_mistakes_are_one_line(plain, tmp_path):
    settings = settings_for(plain, tmp_path)
    with pytest.raises(ConfigError, match=f"--from: expected a day up to {LAST}, got {TODAY}"):
        Watched(settings, first=TODAY, last=LAST)
    with pytest.raises(UnknownSymbolError, match="'NODEMO'"):
        Watched(settings_for(plain, tmp_path, "NODEMO"))
    with pytest.raises(ConfigError, match="set prefix = 'demo'"):
        Watched(settings.model_copy(update={"prefix": "binance"}))
    own = backfill.settings_of(settings)
    with checkpoint.lock(own.state_path), pytest.raises(CheckpointError, match="another recorder of this name"):
        Watched(settings)


def test_the_command_shows_its_plan_and_fetches_nothing_without_a_yes(plain, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    config = tmp_path / "candlewick.toml"
    lines = [f'data = "{tmp_path / "data"}"', 'prefix = "demo"', f'symbols = ["{SYMBOL}"]', "[exchange]"]
    config.write_text("\n".join([*lines, f'rest = ["{plain.rest_url}"]', f'archive = "{plain.rest_url}"']))
    command = ["backfill", "-c", str(config), "--from", str(LAST), "--to", str(LAST)]
    refused = CliRunner().invoke(app, command, input="n\n")
    assert refused.exit_code == 1
    assert "daily files" in refused.output
    assert "REST, candles" in refused.output
    assert Tape(settings_for(plain, tmp_path)).objects == []
    agreed = CliRunner().invoke(app, command, input="y\n")
    assert agreed.exit_code == 0
    assert "trades are new in the lake" in agreed.output
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 0
    assert "Nothing to do: all of it is there." in again.output


def test_whole_days_that_nobody_holds_are_sealed_at_once_and_not_fetched_again(plain, tmp_path):
    settings = settings_for(plain, tmp_path)
    sealing = keeping.arriving(settings)
    outcome = Watched(settings, sealing=sealing).outcome
    assert outcome and outcome.is_complete and outcome.sealed == 3
    seals = Seals(Lake.open(settings.lake_url, settings.prefix))
    assert seals.days(SYMBOL) == [FIRST + timedelta(days=number) for number in range(3)]
    market = plain.venue.market
    wanted = range(market.id_at(SYMBOL, starts_at(FIRST)), market.id_at(SYMBOL, starts_at(TODAY)))
    held = [each for item in seals.lake.list_all() for each in seals.lake.read_object(item.name).lines]
    assert sorted(json.loads(line)["t"] for line in held if b'"e":"trade"' in line) == list(wanted)
    own = [item.name for item in seals.lake.list_all() if "_sealed" not in item.name]
    assert len(own) == 2 and all(seals.lake.read_object(each).lines == [] for each in own)
    again = Watched(settings, sealing=sealing).outcome
    assert again and (again.trades, again.sealed, again.objects) == (0, 0, 0)
