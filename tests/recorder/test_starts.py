"""How a recorder starts: which symbols it takes, what it refuses, and what it waits for."""

from dataclasses import replace

import pytest

from candlewick.binance import stream
from candlewick.config import ExchangeSettings, Settings
from candlewick.errors import ConfigError, PortTakenError, UnknownSymbolError
from candlewick.fake_binance.faults import Answer, Faults
from candlewick.fake_binance.server.options import ExchangeOptions
from candlewick.fake_binance.server.server import Exchange
from candlewick.lake.names import check_prefix
from e2e.stack import free_port
from recorder.running import Run, settings_for


class Refusing(Faults):
    """REST is down while `is_down`."""

    is_down = True

    def answers(self, path, query):
        return Answer(503, '{"code":-1008,"msg":"overloaded"}') if self.is_down else None


async def test_a_pattern_takes_what_trades_spread_over_connections_into_one_object_a_flush(
    tmp_path, until, monkeypatch
):
    monkeypatch.setattr(stream, "SYMBOLS_PER_LEG", 2)
    market = ExchangeOptions(port=0, symbols=tuple(f"{name}DEMO=40" for name in ("AAX", "BBX", "CC", "DDX", "EEX")))
    async with Exchange(market) as exchange:
        settings = settings_for(exchange, tmp_path, "*XDEMO", prefix="demo", history="0s", flush_seconds=1)
        async with Run(settings) as run:
            await until(lambda: len(run.session.numbers()["symbols"]) == 4)
            for symbol in ("AAXDEMO", "BBXDEMO", "DDXDEMO", "EEXDEMO"):
                await until(lambda symbol=symbol: run.of(symbol)["trades"] > 20)
            legs = run.session.numbers()["legs"]
        manifests = [run.lake.read_object(item.name).manifest for item in run.lake.list_all()]
    assert [leg["symbols"] for leg in legs] == [2, 2, 2, 2]
    assert len(exchange.hub.connections) == 0
    assert max(len(manifest.spans) for manifest in manifests) == 4


async def test_recorders_of_two_shards_share_the_symbols_and_nothing_else(tmp_path, until):
    market = ExchangeOptions(port=0, symbols=("AADEMO=9", "BBDEMO=9", "CCDEMO=9", "EEDEMO=9"))
    async with Exchange(market) as exchange:
        taken = []
        for shard, recorder in (("1/2", "r1"), ("2/2", "r2")):
            options = {"prefix": "demo", "history": "0s", "shard": shard, "recorder": recorder}
            async with Run(settings_for(exchange, tmp_path, "*DEMO", **options)) as run:
                await until(lambda run=run: run.session.numbers()["state"] == "recording")
                await until(lambda run=run: all(map(run.of, run.session.numbers()["symbols"])))
                taken += run.session.numbers()["symbols"]
    assert sorted(taken) == ["AADEMO", "BBDEMO", "CCDEMO", "EEDEMO"]


async def test_an_unknown_symbol_ends_the_start_with_its_name(synthetic, tmp_path):
    async with Exchange(synthetic) as exchange:
        run = Run(settings_for(exchange, tmp_path, "BTCDEMO", "NODEMO", prefix="demo"))
        with pytest.raises(UnknownSymbolError, match="'NODEMO'"):
            async with run:
                await run.task


async def test_the_demo_is_kept_apart_from_real_trades(synthetic, tmp_path):
    async with Exchange(synthetic) as exchange:
        run = Run(settings_for(exchange, tmp_path, "BTCDEMO", prefix="binance"))
        with pytest.raises(ConfigError, match="set prefix = 'demo'"):
            async with run:
                await run.task
        assert list(run.lake.list_all()) == []


def test_real_trades_are_kept_apart_from_the_demo():
    with pytest.raises(ConfigError, match="set prefix = 'binance'"):
        check_prefix("demo/x", is_demo=False)
    check_prefix("binance", is_demo=False)
    check_prefix("my/tape", is_demo=True)


async def test_at_the_first_start_the_exchange_is_waited_for_with_a_line_that_says_why(synthetic, tmp_path, until):
    port = free_port()

    class Later:
        ws_url, rest_url = f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}"

    settings = settings_for(Later(), tmp_path, "BTCDEMO", prefix="demo", history="0s")
    async with Run(settings) as run:
        await until(lambda: run.session.numbers()["waiting"])
        told = run.session.numbers()
        assert told["state"] == "waiting" and told["waiting"]["until"] > 0
        assert told["waiting"]["problem"] == f"127.0.0.1:{port} cannot be reached (connection refused)"
        async with Exchange(replace(synthetic, port=port)):
            await until(lambda: run.session.numbers()["state"] == "recording", 40)
            await until(lambda: run.of("BTCDEMO")["head"])
            assert run.session.numbers()["waiting"] is None
            run.stop.set()
            await run.task


async def test_a_recorder_that_has_rest_and_no_stream_says_so(synthetic, tmp_path, until):
    async with Exchange(synthetic) as exchange:
        nowhere = ExchangeSettings(streams=("ws://127.0.0.1:9",), rest=(exchange.rest_url,))
        settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo", history="0s")
        async with Run(settings.model_copy(update={"exchange": nowhere})) as run:
            await until(lambda: run.session.numbers()["waiting"])
            problem = run.session.numbers()["waiting"]["problem"]
    assert problem == "127.0.0.1:9 cannot be reached (connection refused)"


async def test_at_a_later_start_the_exchange_is_waited_for(synthetic, tmp_path, until, no_waiting):
    faults = Refusing()
    faults.is_down = False
    async with Exchange(synthetic, faults) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo", history="0s")
        async with Run(settings) as run:
            await until(lambda: run.of("BTCDEMO")["head"])
        faults.is_down = True
        async with Run(settings) as run:
            await until(lambda: run.session._rest.failures >= 5)
            assert run.session.numbers()["state"] == "waiting"
            faults.is_down = False
            await until(lambda: run.session.numbers()["state"] == "recording")


async def test_a_start_after_one_that_met_the_exchange_is_a_later_one_though_nothing_was_traded(
    synthetic, tmp_path, until, no_waiting
):
    faults = Refusing()
    faults.is_down = False
    async with Exchange(replace(synthetic, symbols=("BTCDEMO=0.0001",)), faults) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo", history="0s")
        async with Run(settings) as run:
            await until(lambda: run.session.numbers()["state"] == "recording")
        faults.is_down = True
        async with Run(settings) as run:
            await until(lambda: run.session._rest.failures >= 5)
            assert run.session.numbers()["state"] == "waiting"


async def test_a_symbol_that_is_delisted_at_a_later_start_is_left_out_and_the_others_are_recorded(
    synthetic, tmp_path, until
):
    both = replace(synthetic, symbols=("BTCDEMO", "OLDDEMO"))
    async with Exchange(both) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", "OLDDEMO", prefix="demo", history="0s")
        async with Run(settings) as run:
            await until(lambda: run.of("BTCDEMO")["head"] and run.of("OLDDEMO")["head"])
    async with Exchange(synthetic) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", "OLDDEMO", prefix="demo", history="0s")
        async with Run(settings) as run:
            await until(lambda: run.session.numbers()["state"] == "recording")
            assert list(run.session.numbers()["symbols"]) == ["BTCDEMO"]


async def test_a_taken_feed_port_ends_the_start(synthetic, tmp_path):
    async with Exchange(synthetic) as exchange:
        settings = settings_for(exchange, tmp_path, "BTCDEMO", prefix="demo")
        taken = Settings(**(settings.model_dump() | {"feed": {"port": exchange.port}}))
        run = Run(taken)
        with pytest.raises(PortTakenError):
            async with run:
                await run.task
