"""The main job on real input: the recording goes in over the wire, proved candles come out."""

import csv
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from e2e.stack import Stack, run_cli, wait_until

TRADES = 19_904
FIRST_ID, LAST_ID = 3735683259, 3735703162
WHOLE_CANDLES = (1723161300000, 1723161600000)
TABLES = {
    "silver": "select * exclude (received_at, loaded_at, source) from silver.trades_deduped order by symbol, trade_id",
    **{
        table: f"select * exclude (loaded_at) from gold.trades_ohlc_{table} order by symbol, open_time"
        for table in ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
    },
}


def contents(stack: Stack) -> dict[str, list[tuple[object, ...]]]:
    """All rows of SILVER and GOLD, less the columns that say when we got them."""
    return {name: stack.rows(statement) for name, statement in TABLES.items()}


def wait_for_all_trades(stack: Stack) -> None:
    """All are in SILVER, and in the candles of an hour and longer and in the audit, which have a slower pace."""
    wait_until(lambda: stack.trades() == TRADES, f"{TRADES} trades in SILVER, {stack.trades()} are there", 90)
    for table in ("1h", "4h", "1d"):
        counted = f"select sum(trade_count) from gold.trades_ohlc_{table}"
        wait_until(lambda: stack.rows(counted) == [(TRADES,)], f"all of them in the candles of {table}")  # noqa: B023
    wait_until(lambda: stack.rows("select 1 from gold.candle_audit where status = 'match' limit 1"), "the audit")


@pytest.fixture(scope="module")
def replayed(recording: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The recording, replayed as recorded and as fast as it goes, into SILVER and GOLD without interruption."""
    stack = Stack(tmp_path_factory.mktemp("replayed")).write_config()
    try:
        stack.start_exchange("--replay", str(recording), "--speed", "0")
        stack.start_recorder()
        stack.start_warehouse()
        wait_for_all_trades(stack)
        yield stack
    finally:
        stack.stop()


def test_every_trade_is_there_once_and_none_is_missing(replayed):
    [row] = replayed.rows(
        "select count(*), count(distinct trade_id), min(trade_id), max(trade_id) from silver.trades_deduped"
    )
    assert row == (TRADES, TRADES, FIRST_ID, LAST_ID)
    assert replayed.rows("select * from gold.tape_gaps") == []


def test_the_two_whole_5m_candles_equal_the_exchanges_in_nine_fields(replayed, recording):
    ours = replayed.rows(
        "select epoch_ms(open_time), open, high, low, close, volume, quote_volume, trade_count, taker_buy_volume,"
        " taker_buy_quote_volume from gold.trades_ohlc_5m where is_complete order by open_time"
    )
    with (recording / "exchange_klines_5m.csv").open() as file:
        theirs = {int(row[0]): row for row in csv.reader(file)}
    expected = [
        (time, *(Decimal(theirs[time][column]) for column in (1, 2, 3, 4, 5, 7, 8, 9, 10))) for time in WHOLE_CANDLES
    ]
    assert ours == expected


def test_the_partial_candles_at_the_edges_do_not_claim_to_be_complete(replayed):
    times = replayed.rows(
        "select epoch_ms(open_time), is_complete, is_closed from gold.trades_ohlc_5m order by open_time"
    )
    assert times == [
        (1723161000000, False, True),
        (1723161300000, True, True),
        (1723161600000, True, True),
        (1723161900000, False, False),
    ]


def test_the_utc_day_boundary_inside_it_is_honoured(replayed):
    days = replayed.rows(
        "select strftime(open_time, '%Y-%m-%d %H:%M'), trade_count from gold.trades_ohlc_1d order by 1"
    )
    assert [day for day, _ in days] == ["2024-08-08 00:00", "2024-08-09 00:00"]
    assert sum(int(str(count)) for _, count in days) == TRADES


def test_in_indian_time_all_of_it_is_one_day(replayed, tmp_path):
    indian = Stack(tmp_path / "ist", timezone="Asia/Kolkata").write_config()
    indian.config_path.write_text(f'lake = "{replayed.settings.lake_url}"\n' + indian.config_path.read_text())
    built = run_cli("warehouse", "--once", "--config", str(indian.config_path), cwd=indian.home)
    assert built.returncode == 0, built.stderr
    days = indian.rows("select strftime(open_time, '%Y-%m-%d %H:%M'), trade_count from gold.trades_ohlc_1d")
    assert days == [("2024-08-08 18:30", TRADES)]


def test_every_audited_minute_matches_the_exchange(replayed):
    verdicts = dict(replayed.rows("select status, count(*) from gold.candle_audit group by all"))
    assert "mismatch" not in verdicts
    assert verdicts.get("match", 0) >= 9


@pytest.mark.alike
def test_killed_again_and_again_it_ends_equal_to_the_uninterrupted_run(replayed, recording, tmp_path):
    stack = Stack(tmp_path / "killed").write_config()
    try:
        stack.start_exchange("--replay", str(recording), "--speed", "50")
        stack.start_recorder()
        stack.start_warehouse()
        for at_least in (2_000, 6_000, 10_000, 14_000):
            wait_until(lambda: stack.trades() >= at_least, f"{at_least} trades in SILVER")  # noqa: B023
            assert stack.kill("recorder") == -signal.SIGKILL
            assert stack.kill("warehouse") == -signal.SIGKILL
            stack.start_recorder()
            stack.start_warehouse()
        wait_for_all_trades(stack)
        wait_until(
            lambda: contents(stack) == contents(replayed), "SILVER and GOLD equal to the uninterrupted run's", 20
        )
    finally:
        stack.stop()


def test_rebuilt_from_the_lake_alone_the_warehouse_is_equal(replayed, tmp_path):
    before = contents(replayed)
    replayed.kill("warehouse", signal.SIGTERM)
    rebuilt = run_cli("rebuild", "--config", str(replayed.config_path), cwd=tmp_path)
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert contents(replayed) == before
