"""The whole recorder against the local exchange, in one process: real sockets, real files, a real recording."""

import asyncio
import gzip
import json
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from candlewick.fake_binance.faults import Faults
from candlewick.fake_binance.server.options import MAX_SPEED, ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake import inventory
from candlewick.lake.objects import Lake
from candlewick.moments import MINUTE
from candlewick.recorder import session as sessions
from candlewick.recorder import silence
from candlewick.tape import checkpoint, patrol, writer
from recorder.running import FIRST, LAST, LiveTape, Run, settings_for


@pytest.fixture(scope="session")
def truth(recording: Path) -> dict[int, dict]:
    """The recorded trades by id."""
    rows = (
        row
        for name in ("frames_20240808.gz", "frames_20240809.gz")
        for row in gzip.decompress((recording / name).read_bytes()).splitlines()
    )
    frames = (json.loads(row.split(b" ", 1)[1]) for row in rows if b"@trade" in row[:60])
    return {frame["data"]["t"]: frame["data"] for frame in frames}


def replay(recording: Path, **options) -> ExchangeOptions:
    return ExchangeOptions(port=0, replay=recording, **({"speed": MAX_SPEED} | options))


async def test_a_replay_at_full_speed_is_recorded_whole_and_verbatim(recording, truth, tmp_path, until):
    async with Exchange(replay(recording)) as exchange:
        async with Run(settings_for(exchange, tmp_path)) as run:
            await until(run.has_all, 60)
            await until(lambda: run.of()["history"]["done"])
        tape = LiveTape(run.lake)
    assert len(tape.trades) == len(truth) == 19_904
    assert tape.ids == [(FIRST, LAST)]
    assert tape.copies == []
    tape.check_chain()
    for trade_id, line in tape.trades.items():
        assert {key: line[key] for key in ("p", "q", "m")} == {key: truth[trade_id][key] for key in ("p", "q", "m")}
        assert line["T"] // 1_000 == truth[trade_id]["T"]
    assert set(tape.klines.values()) == {1}
    assert len(tape.klines) >= 10


class Bad(Faults):
    """Every leg loses, repeats, cuts and swaps frames, each its own; both lose some of the same."""

    def __init__(self) -> None:
        self.count: Counter[int] = Counter()
        self.late: dict[int, str] = {}

    def frames(self, connection, frame):
        self.count[connection] += 1
        number = self.count[connection]
        fate = (number + 3 * connection) % 50
        if number % 400 in (1, 2, 3) or fate == 0:
            return ()
        if fate == 7:
            return (frame, frame)
        if fate == 11:
            return (frame[: len(frame) // 2],)
        if fate == 13:
            self.late[connection] = frame
            return ()
        return (frame, self.late.pop(connection)) if fate == 17 and connection in self.late else (frame,)


async def test_losses_repeats_cuts_and_swaps_on_both_legs_leave_no_hole(recording, truth, tmp_path, until):
    async with Exchange(replay(recording, speed=300.0), Bad()) as exchange:
        async with Run(settings_for(exchange, tmp_path)) as run:
            await until(run.has_all, 60)
            assert run.of()["holes_seen"] > 0
        tape = LiveTape(run.lake)
    assert tape.ids == [(FIRST, LAST)]
    assert tape.sources["rest"] > 0
    assert all(one["p"] == other["p"] and one["q"] == other["q"] for one, other in tape.copies)
    assert {i: (line["p"], line["q"], line["m"]) for i, line in tape.trades.items()} == {
        i: (each["p"], each["q"], each["m"]) for i, each in truth.items()
    }
    tape.check_chain()


class Lying(Faults):
    """The second connection tells another price for every thousandth trade."""

    def frames(self, connection, frame):
        if connection == 2 and '000,"p":"6' in frame:
            return (frame.replace('"p":"6', '"p":"7'),)
        return (frame,)


async def test_copies_that_differ_are_both_kept_and_counted_and_the_exchange_tells(recording, truth, tmp_path, until):
    async with Exchange(replay(recording), Lying()) as exchange:
        async with Run(settings_for(exchange, tmp_path)) as run:
            await until(run.has_all, 60)
            await until(lambda: not run.session._coverages["BTCUSDT"].disputed)
            conflicts = run.of()["conflicts"]
        tape = LiveTape(run.lake)
    told = {line["t"]: line["p"] for pair in tape.copies for line in pair if line["src"] == "rest"}
    assert len(told) == conflicts > 0
    assert len(tape.copies) == 2 * conflicts
    assert told == {trade_id: truth[trade_id]["p"] for trade_id in told}
    seen = {(line["t"], line["src"], line["p"][0]) for pair in tape.copies for line in pair}
    assert {(t, "ws", first) for t in told for first in "67"} <= seen


@pytest.mark.alike
async def test_a_restart_in_the_middle_fills_what_was_missed(recording, tmp_path, until):
    async with Exchange(replay(recording, speed=200.0)) as exchange:
        settings = settings_for(exchange, tmp_path)
        for wanted in (2_000, 9_000):
            async with Run(settings) as run:
                await until(
                    lambda run=run, wanted=wanted: run.of()["trades"] and exchange.head("BTCUSDT") > FIRST + wanted
                )
        async with Run(settings) as run:
            await until(run.has_all, 60)
        tape = LiveTape(run.lake)
    assert tape.ids == [(FIRST, LAST)]
    assert tape.copies == []
    tape.check_chain()


class Deaf(Faults):
    """Connections are accepted, and nothing is sent on the first few."""

    def frames(self, connection, frame):
        return () if connection <= 2 else (frame,)


@pytest.mark.alike
async def test_streams_that_are_silent_are_noticed_over_rest_filled_and_replaced(
    recording, tmp_path, until, monkeypatch
):
    monkeypatch.setattr(silence, "NEVER_HEARD", 0.5)
    async with Exchange(replay(recording), Deaf()) as exchange:
        async with Run(settings_for(exchange, tmp_path)) as run:
            await until(run.has_all, 60)
        assert LiveTape(run.lake).sources.keys() == {"rest"}


@pytest.mark.alike
async def test_a_slow_lake_cuts_the_sockets_and_ids_fill_the_hole(recording, tmp_path, until, monkeypatch):
    monkeypatch.setattr(sessions, "BUFFER_BYTES", 300_000)
    monkeypatch.setattr(writer, "LONGEST_WAIT", 0.5)
    monkeypatch.setattr(silence, "SILENT", 1.0)
    async with Exchange(replay(recording, speed=300.0)) as exchange:
        async with Run(settings_for(exchange, tmp_path)) as run:
            await until(lambda: run.of()["trades"] > 0)
            root = Path(run.lake.url)
            await until((root / "replay").is_dir)
            (root / "replay").rename(root / "away")
            (root / "replay").write_text("a file where the lake was")
            await until(lambda: {leg["state"] for leg in run.session.numbers()["legs"]} == {"paused"})
            assert run.session.numbers()["lake_failures"] > 0
            stopped_at = run.of()["emitted"]
            await until(lambda: exchange.head("BTCUSDT") > stopped_at + 1_000 or exchange.finished)
            assert run.session.numbers()["buffered_bytes"] < 2_000_000
            (root / "replay").unlink()
            (root / "away").rename(root / "replay")
            await until(run.has_all, 60)
        tape = LiveTape(run.lake)
    assert tape.ids == [(FIRST, LAST)]
    tape.check_chain()


def take_away(root: Path, elsewhere: Path, *, is_mount_point: bool) -> None:
    root.rename(elsewhere)
    if is_mount_point:
        root.mkdir()


def bring_back(root: Path, elsewhere: Path, *, is_mount_point: bool) -> None:
    """Bring the lake back to where nothing was made meanwhile."""
    assert root.exists() == is_mount_point
    if is_mount_point:
        root.rmdir()  # which fails where there is anything in it
    elsewhere.rename(root)


@pytest.mark.alike
@pytest.mark.parametrize("is_mount_point", [False, True], ids=["moved", "unmounted"])
async def test_a_lake_that_goes_away_is_waited_for_and_the_tape_is_whole(
    recording, tmp_path, until, monkeypatch, is_mount_point
):
    monkeypatch.setattr(sessions, "BUFFER_BYTES", 300_000)
    monkeypatch.setattr(writer, "LONGEST_WAIT", 0.5)
    monkeypatch.setattr(silence, "SILENT", 1.0)
    async with Exchange(replay(recording, speed=300.0)) as exchange:
        async with Run(settings_for(exchange, tmp_path)) as run:
            await until(lambda: run.session.numbers()["objects"] > 3)
            root = Path(run.lake.url)
            take_away(root, tmp_path / "elsewhere", is_mount_point=is_mount_point)
            await until(lambda: {leg["state"] for leg in run.session.numbers()["legs"]} == {"paused"})
            durable = run.of()["head"]
            await until(lambda: exchange.head("BTCUSDT") > durable + 3_000)
            assert run.of()["head"] == durable
            bring_back(root, tmp_path / "elsewhere", is_mount_point=is_mount_point)
            await until(run.has_all, 60)
        tape = LiveTape(run.lake)
    assert tape.ids == [(FIRST, LAST)]
    tape.check_chain()


def delete_some(lake: Lake, newest: str | None = None) -> int:
    """Delete a few objects with trades, not the newest; how many trades went with them."""
    names = sorted(item.name for item in lake.list_all() if item.name != newest)
    counts = {name: sum(span.count for span in lake.read_object(name).manifest.spans.values()) for name in names}
    chosen = [name for name in names if counts[name]][:5]
    for name in chosen:
        lake.delete(name)
    assert chosen
    return sum(counts[name] for name in chosen)


@pytest.mark.alike
async def test_objects_that_are_deleted_are_noticed_and_their_trades_fetched_again(
    recording, tmp_path, until, monkeypatch
):
    monkeypatch.setattr(patrol, "STEP_SECONDS", 0.05)
    monkeypatch.setattr(patrol, "FOLDER_SECONDS", 0.0)
    monkeypatch.setattr(patrol, "OBJECTS_PER_STEP", 1_000)
    monkeypatch.setattr(inventory, "REST_SECONDS", 0.5)
    async with Exchange(replay(recording)) as exchange:
        settings = settings_for(exchange, tmp_path)
        async with Run(settings) as run:
            await until(run.has_all, 60)
            gone = delete_some(run.lake)
            await until(lambda: run.session.numbers()["lost"] == gone, 60)
            await until(run.has_all, 60)
            assert run.of()["holes"] == 0
        assert LiveTape(run.lake).ids == [(FIRST, LAST)]
        kept = checkpoint.load(settings.state_path, settings.recorder)  # without its newest it would be made anew
        gone = delete_some(run.lake, kept.prev)
        async with Run(settings) as run:  # a restart believes the claim no longer than it takes to look
            await until(lambda: run.session.numbers()["lost"] == gone, 60)
            await until(run.has_all, 60)
        assert LiveTape(run.lake).ids == [(FIRST, LAST)]


async def test_history_is_filled_to_its_target_for_every_symbol(synthetic, tmp_path, until):
    async with Exchange(synthetic) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", "ETHDEMO", prefix="demo", history="10m")
        async with Run(settings) as run:
            for symbol in settings.symbols:
                await until(lambda symbol=symbol: run.of(symbol)["history"]["done"] and not run.of(symbol)["holes"])
            numbers = run.session.numbers()
    assert numbers["state"] == "recording"
    assert numbers["weight"]["limit"] == 1_000_000
    for symbol in settings.symbols:
        assert len(numbers["symbols"][symbol]["covered"]) == 1
        first, last = numbers["symbols"][symbol]["covered"][0]
        assert last - first > 1_000


async def test_history_has_the_exchanges_candles_and_a_restart_asks_for_none_again(synthetic, tmp_path, until):
    async with Exchange(synthetic) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo", history="10m")
        async with Run(settings) as run:
            await until(lambda: run.of("BTCDEMO")["candles"] >= 9 and not run.of("BTCDEMO")["candles_missing"])
            first = run.session._coverages["BTCDEMO"].history.target
            assert run.session._coverages["BTCDEMO"].minutes.durable.first == first // MINUTE
        async with Run(settings) as run:
            await until(lambda: run.session.numbers()["state"] == "recording")
            assert run.of("BTCDEMO")["candles_missing"] <= 1
    tape = LiveTape(run.lake)
    assert set(tape.klines.values()) == {1}


async def test_more_history_can_be_asked_for_later(synthetic, tmp_path, until):
    async with Exchange(synthetic) as exchange:
        for minutes in (1, 5):
            settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo", history=f"{minutes}m")
            async with Run(settings) as run:
                await until(lambda run=run: run.session.numbers()["state"] == "recording")
                await until(lambda run=run: run.of("BTCDEMO")["history"]["done"])
                mark = run.session._coverages["BTCDEMO"].history
                assert mark.target == (mark.since - minutes * MINUTE) // MINUTE * MINUTE


async def test_the_feed_serves_what_is_recorded(synthetic, tmp_path, until):
    async with Exchange(synthetic) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo", history="0s")
        async with Run(settings) as run, aiohttp.ClientSession() as http:
            await until(lambda: run.of("BTCDEMO")["trades"] > 5)
            url = f"http://127.0.0.1:{run.session.numbers()['feed_port']}"
            async with http.get(f"{url}/health") as answer:
                assert (await answer.json())["symbols"]["BTCDEMO"]["emitted"] > 0
            async with http.get(f"{url}/metrics") as answer:
                assert "candlewick_emitted_trade_id" in await answer.text()
            async with http.ws_connect(f"{url}/feed") as feed:
                await feed.send_str('{"subscribe":{"BTCDEMO":null}}')
                frames = [json.loads(await asyncio.wait_for(feed.receive_str(), 20)) for _ in range(5)]
            ids = [row[0] for frame in frames for row in frame["trades"]]
            assert ids == list(range(ids[0], ids[0] + len(ids)))
