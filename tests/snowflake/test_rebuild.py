"""`candlewick rebuild` on Snowflake: GOLD anew of SILVER, all or nothing, by the real connector on fakesnow."""

from pathlib import Path

import pytest
import snowflake.connector.errors
from typer.testing import CliRunner

from candlewick.cli import app
from candlewick.config import load
from candlewick.errors import ModelError
from candlewick.process import heartbeat
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.owner import Owner
from made.small_raw import SmallRaw
from peers.snowflake_peer import Peer

CONFIG = """
data = "data"
lake = "s3://tape"
warehouse = "snowflake"
timezone = "UTC"
[snowflake]
connection = "peer"
"""


def test_gold_is_made_anew_of_silver_and_until_then_the_old_one_is_there(peer: Peer, tmp_path: Path, monkeypatch):
    file = tmp_path / "candlewick.toml"
    file.write_text(CONFIG)
    settings = load(file)
    raw = SmallRaw.make(peer, settings)
    raw.put(1, 90)
    raw.load()
    with Owner.open(settings) as owner:
        owner.cycle(with_audit=True)

    def run(statement: str) -> list[tuple[object, ...]]:
        with Connection.open(settings.snowflake, settings.snowflake.transformer_role) as connection:
            return connection.run(statement)

    def candles() -> dict[str, list[tuple[object, ...]]]:
        kinds = ("1s", "1m", "1h")
        claimed = "symbol, open_time, open, high, low, close, volume, trade_count, first_trade_id, is_closed"
        asked = {kind: f"select {claimed} from gold.trades_ohlc_{kind} order by 1, 2" for kind in kinds}
        return {kind: run(statement) for kind, statement in asked.items()}

    right = candles()
    assert {kind: len(rows) for kind, rows in right.items()} == {"1s": 90, "1m": 2, "1h": 1}
    run("update gold.trades_ohlc_1m set close = 1")
    run("delete from gold.trades_ohlc_1s where open_time >= '2024-08-08 00:01:00'")
    run("alter table gold.trades_ohlc_1h drop column vwap")  # as an earlier version might have it
    run("alter table gold.trades_ohlc_1h add column mean number(38, 8)")
    run("alter table gold.candle_audit drop column status")
    run("alter table gold.candle_audit add column status number(38, 0)")
    with pytest.raises(ModelError) as refused, Owner.open(settings):
        pass
    told = str(refused.value)
    assert "trades_ohlc_1h lacks vwap, has still mean" in told and "candle_audit has with another type status" in told
    wrong = candles()
    owns = heartbeat.Heartbeat(settings.run_path, "warehouse")
    owns.beat(state="running")
    beside = CliRunner().invoke(app, ["rebuild", "-c", str(file)])
    assert "`candlewick warehouse` runs here" in str(beside.exception) and candles() == wrong
    owns.stop()

    answer = peer.answer

    def refusing(statement: str) -> str:
        if statement.lstrip().startswith("insert into") and "trades_ohlc_1h" in statement.partition("(")[0].lower():
            raise snowflake.connector.errors.ProgrammingError(msg="Out of luck", errno=1, sqlstate="XX000")
        return answer(statement)

    monkeypatch.setattr(peer, "answer", refusing)
    failed = CliRunner().invoke(app, ["rebuild", "-c", str(file)])
    assert failed.exit_code == 1 and "Out of luck" in str(failed.exception)
    assert candles() == wrong, "what was there is there"

    monkeypatch.setattr(peer, "answer", answer)
    done = CliRunner().invoke(app, ["rebuild", "-c", str(file)])
    assert done.exit_code == 0, done.output
    assert candles() == right
    assert run("select distinct status from gold.candle_audit where status is not null")[0][0] in (
        "pending",
        "no_oracle",
    )
    assert run("select count(vwap) from gold.trades_ohlc_1h") == [(1,)]
    columns = "select count(*) from information_schema.columns where table_name = 'TRADES_OHLC_1H' and column_name = "
    assert [run(f"{columns}'{name}'") for name in ("VWAP", "MEAN")] == [[(1,)], [(0,)]]
