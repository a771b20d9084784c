"""A day is sealed when all of its 1,440 minutes are accounted for, whoever is away, and never while it runs."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from candlewick.config.sections import ExchangeSettings
from candlewick.errors import ConfigError, ExchangeError
from candlewick.lake import compression
from candlewick.lake.lease import leased
from candlewick.lake.sealed.lines import Candle, TradeLine, read
from candlewick.moments import MINUTE, micros, now_us, starts_at
from candlewick.seal import healing, keeping, proving, verify
from candlewick.seal.seals import Seals
from candlewick.tape import beside, klines
from candlewick.tape.checkpoint import lock
from seal.lakes import DAYS, SYMBOL, all_lines, fill, lake_of, markets, quiet, settings_of
from seal.made import Market, absence, gather

NOON = 720
FIRST_MANIFEST = frozenset(
    "e v recorder seq prev created lines spans covered declared klines minutes history".split()  # noqa: SIM905
)
"""What a manifest of version 0.1.0 has (`tests/made/version_0_1_0.tar.xz`)."""


def seal(settings, days=None, asks=False, **options):
    return keeping.seal_days(settings, days, None, lambda *_: None, asks=asks, **options)


def until(market, minute):
    """A market's lines up to a minute of its day, as a recorder has them that is stopped then."""
    end, kept = starts_at(market.day) + minute * MINUTE, []
    for line in all_lines(market):
        event = read(line)
        if micros(event.T) < end if isinstance(event, TradeLine) else event.opens_at + MINUTE <= end:
            kept.append(line)
    return kept


@pytest.fixture
def half(tmp_path):
    """A lake whose tape of a day ends at noon, and an exchange that nobody can reach."""
    nobody = "http://127.0.0.1:9"
    away = ExchangeSettings(streams=("ws://127.0.0.1:9",), rest=(nobody,), archive=nobody)
    settings = settings_of(tmp_path / "data", exchange=away)
    fill(lake_of(settings), [until(Market(day=DAYS[0], count=200), NOON)])
    return settings


def test_half_a_day_is_not_sealed_offline(half):
    [finding] = seal(half)
    assert finding.state == "healing" and "720 minutes have no candle of the exchange" in finding.reason
    assert "12:00 first" in finding.reason and not Seals(lake_of(half)).is_sealed(SYMBOL, DAYS[0])


def test_half_a_day_is_not_sealed_while_the_exchange_is_away_and_the_line_says_both(half):
    [finding] = seal(half, asks=True, waits=True)
    assert finding.state == "healing" and "12:00 first" in finding.reason and "127.0.0.1:9" in finding.reason


def test_half_a_day_is_not_sealed_while_a_backfill_runs_here_or_elsewhere(half, tmp_path, monkeypatch):
    own = beside.settings_of(half)
    monkeypatch.setattr(healing.Healer, "ends_of", lambda *_: None)
    with lock(own.state_path):
        [finding] = seal(half, asks=True)
    assert finding.state == "healing" and "another" in finding.reason
    (tmp_path / "other" / "state").mkdir(parents=True)
    with leased(lake_of(half), own.recorder, tmp_path / "other" / "state"):
        [finding] = seal(half, asks=True)
    assert finding.state == "healing" and "another recorder named" in finding.reason


def test_half_a_day_of_which_the_exchange_says_that_there_is_no_more_is_whole_and_proved(half, tmp_path):
    """A symbol that was taken off the exchange at noon: the answer is evidence, and leaves with the proof."""
    day = DAYS[0]
    fill(lake_of(half), [[absence(SYMBOL, starts_at(day), NOON, 1_439)]], recorder="r2")
    [finding] = seal(half)
    assert finding.state == "sealed", finding.reason
    seals = Seals(lake_of(half))
    certificate = seals.certificate(SYMBOL, day)
    [said] = certificate.body["no_candle"]
    assert json.loads(said["answer"])["e"] == "no_candle" and said["answer"].encode() in seals.evidence(certificate)
    assert certificate.body["verdict"]["without_candle"] == list(range(NOON, 1_440))
    for with_trades in (True, False):
        written = proving.prove(half, SYMBOL, [day], tmp_path / "day.zip", with_trades=with_trades)
        [(_, report)] = verify.verify(str(written.path))
        assert not report.problems


def test_a_day_that_runs_is_refused_by_name_and_by_whoever_seals(tmp_path):
    settings, today = settings_of(tmp_path / "data"), datetime.now(UTC).date()
    market = Market(day=today, count=60)
    fill(lake_of(settings), [market])
    with pytest.raises(ConfigError, match=f"--day: expected a UTC day that is over, got {today}"):
        seal(settings, days=[today])
    sealer = keeping.sealer_of(settings, lake_of(settings), asks=False)
    finding = sealer.conclude(SYMBOL, gather(all_lines(market), SYMBOL, today).assemble())
    assert (finding.state, finding.reason) == ("partial", "the day is not over")


def test_a_day_that_comes_late_has_to_reach_the_sealed_one_behind_it(tmp_path):
    settings, first, later = settings_of(tmp_path / "data"), *DAYS
    market = Market(day=first, count=60)
    fill(lake_of(settings), [quiet(Market(seed=2, day=later, count=60, first_id=1_063))], recorder="r2")
    assert [each.state for each in seal(settings)] == ["sealed"]
    fill(lake_of(settings), [quiet(market)], recorder="r3")
    [finding] = [each for each in seal(settings, days=[first]) if each.day == first]
    assert finding.state == "healing" and finding.reason == "3 trade ids are missing, 1060 first"


def test_a_midnight_at_which_ids_and_times_cross_is_said_and_not_sealed(tmp_path):
    """The last trade of a day was made by its time after the first one of the next."""
    settings, (first, second) = settings_of(tmp_path / "data"), markets(count=60)
    swapped = [json.loads(first.lines()[-1]), json.loads(second.lines()[0])]
    swapped[0]["t"], swapped[1]["t"] = swapped[1]["t"], swapped[0]["t"]
    swapped[0]["T"] = starts_at(DAYS[1]) - 1
    crossing = [json.dumps(each, separators=(",", ":")).encode() for each in swapped]
    rest = [[*first.lines()[:-1], *first.candles()], [*second.lines()[1:], *second.candles()]]
    fill(lake_of(settings), [[*rest[0], crossing[0]], [crossing[1], *rest[1]]])
    last = first.first_id + 59
    for day, finding in zip(DAYS, seal(settings), strict=True):
        stray = last if day == DAYS[0] else last + 1
        assert finding.state == "mismatch", finding
        assert finding.reason.startswith(f"trade {stray} is of another day by time"), finding.reason


def test_a_whole_day_with_the_manifests_of_the_first_version_is_sealed(tmp_path):
    settings = settings_of(tmp_path / "data")
    fill(lake_of(settings), [Market(day=DAYS[0], count=60)])
    for path in (settings.data / "lake").rglob("*.json.zst"):
        *lines, manifest, _ = compression.decompress(path.read_bytes()).split(b"\n")
        told = {name: value for name, value in json.loads(manifest).items() if name in FIRST_MANIFEST}
        path.write_bytes(compression.compress(b"\n".join([*lines, json.dumps(told | {"history": {}}).encode(), b""])))
    assert [each.state for each in seal(settings)] == ["sealed"]


class _Exchange(BaseHTTPRequestHandler):
    """An exchange on which a symbol was taken off at noon: it has its candles till then, and a clock."""

    candles: ClassVar[list[list[object]]] = []
    clock: ClassVar[int] = 0

    def do_GET(self):
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        first, last = (int(asked.get(name, 0)) * 1_000 for name in ("startTime", "endTime"))
        answers = {
            "exchangeInfo": {"rateLimits": [], "symbols": [{"symbol": SYMBOL, "status": "TRADING"}]},
            "time": {"serverTime": self.clock},
            "klines": [row for row in self.candles if first <= micros(row[0]) <= last],
        }
        body = json.dumps(answers.get(url.path.rpartition("/")[2], [])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Candlewick-Exchange", "demo")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_minutes_that_the_exchange_leaves_out_are_asked_about_twice_and_only_once_its_day_is_over(half, monkeypatch):
    market = Market(day=DAYS[0], count=200)
    events = [json.loads(line)["k"] for line in market.candles()[:NOON]]
    _Exchange.candles = [[each[name] for name in "tohlcvTqnVQ"] + ["0"] for each in events]
    _Exchange.clock = (starts_at(DAYS[0]) + NOON * MINUTE) // 1_000
    monkeypatch.setattr(healing, "CANDLES_CONFIRMED_AFTER", 0.2)
    monkeypatch.setattr(klines, "_IDLE", 0.05)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Exchange) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = half.exchange.model_copy(update={"rest": (f"http://127.0.0.1:{server.server_port}",)})
        settings = half.model_copy(update={"exchange": there})
        [finding] = seal(settings, asks=True)
        assert finding.state == "healing" and "is not over by the exchange's clock" in finding.reason
        _Exchange.clock = now_us() // 1_000
        [finding] = seal(settings, asks=True)
        server.shutdown()
    assert finding.state == "sealed", finding.reason
    certificate = Seals(lake_of(settings)).certificate(SYMBOL, DAYS[0])
    told = [
        (json.loads(said["answer"])["asked"], said["last"] - said["first"]) for said in certificate.body["no_candle"]
    ]
    assert sum(length // 60_000 + 1 for _, length in told) == 1_440 - NOON
    assert all(asked.startswith(f"/api/v3/klines?symbol={SYMBOL}&interval=1m&startTime=") for asked, _ in told)


class _Proxy(BaseHTTPRequestHandler):
    """A proxy that notes what it is asked for, and lets nothing through."""

    asked: ClassVar[list[str]] = []

    def do_GET(self):
        self.asked.append(self.path)
        self.send_error(451)

    def log_message(self, *_):
        pass


def test_the_exchange_is_asked_through_the_proxy_that_the_settings_name(half):
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        through = {"proxy": f"http://127.0.0.1:{server.server_port}", "rest": ("http://rest.binance.test",)}
        settings = half.model_copy(update={"exchange": half.exchange.model_copy(update=through)})
        healer = healing.Healer(settings, lake_of(half))
        for ask in (lambda: healer.ends_of(SYMBOL, DAYS[0]), lambda: healer.heal(DAYS[0], {SYMBOL: healing.Need()})):
            _Proxy.asked.clear()
            with pytest.raises(ExchangeError):
                ask()
            assert _Proxy.asked[0].startswith("http://rest.binance.test/")
        server.shutdown()


def test_candles_that_run_on_into_a_gap_of_trades_are_still_looked_at(half):
    """The exchange's candles of the other half are there: the tape is partial, and nothing is sealed."""
    candles = [line for line in Market(day=DAYS[0], count=200).candles() if isinstance(read(line), Candle)]
    fill(lake_of(half), [candles], recorder="r2")
    [finding] = seal(half)
    assert finding.state == "partial" and "the tape has" in finding.reason
