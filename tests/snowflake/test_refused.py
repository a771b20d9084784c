"""What Snowflake did not put into RAW: the real connector asks fakesnow, which has the error table as documented."""

from contextlib import ExitStack
from dataclasses import replace

import pytest
from rich.console import Console

from candlewick import status
from candlewick.config import Settings
from candlewick.dashboard.health import health
from candlewick.errors import WarehouseLoginError
from candlewick.process import heartbeat
from candlewick.setup.checks import account
from candlewick.setup.checks.answers import asked
from candlewick.status import probe
from candlewick.status.rendering import render
from candlewick.warehouse.refused import Refused
from candlewick.warehouse.snowflake import refused
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.owner import Owner, _Pulse
from made.small_raw import SmallRaw
from peers.snowflake_peer import Peer

RAW = "CRYPTO_DB.RAW.BINANCE_RAW"
OBJECT = "binance/raw/2024-08-08/00/stream_2024-08-08_00-00-00.000000_r1.json.zst"
TOO_LONG = "Value is too long: it has <b>17 MB</b>"


@pytest.fixture
def streaming(settings: Settings) -> Settings:
    return settings.model_copy(update={"ingest": "streaming"})


def sent(number: int) -> dict[str, object]:
    return {"PAYLOAD": {"t": number}, "OBJECT_NAME": OBJECT, "ROW_NUMBER": number, "LOADED_AT": "2024-08-08 00:00:00"}


def test_refused_rows_are_counted_and_named_in_status_page_metrics_and_doctor(peer: Peer, streaming: Settings, capsys):
    raw = SmallRaw.make(peer, streaming)
    raw.put(1, 90)
    raw.load()
    peer.refuse_rows([sent(number) for number in range(1, 24)], TOO_LONG)
    peer.refuse_rows([{"$1": sent(40)}], "it came under another pipe", hours_ago=1)
    peer.refuse_rows([sent(50)], "of the day before", hours_ago=30)
    with Owner.open(streaming) as owner:
        assert owner.cycle(with_audit=True)
        heartbeat.Heartbeat(streaming.run_path, "warehouse").beat(**_Pulse("running", owner=owner).numbers())
    report = status.collect(streaming)
    assert report.refused is not None
    assert report.refused.count == 24, "those of a day, in all"
    assert len(report.refused.told) == 21, "the newest twenty, and how many more"
    assert report.refused.told[0].endswith(f": {TOO_LONG}") and OBJECT in report.refused.told[0]
    assert report.refused.told[-1] == f"4 more within a day: ERROR_TABLE({RAW}) tells all"
    assert any("refused 24 rows within a day" in problem for problem in report.problems())

    Console(width=250).print(render(report))
    text = " ".join(capsys.readouterr().out.split())
    assert "refused rows 24 within a day" in text and f"{OBJECT} row " in text
    assert "candlewick_refused_rows 24.0" in probe.metrics(report).decode()
    arrival = status.Arrival("streaming", "RUNNING")
    page = health.ways_html(replace(report, arrival=arrival), 0)
    assert "Refused rows: 24 within a day" in page and "it has &lt;b&gt;17 MB" in page

    with ExitStack() as parts:
        found = {each.what: (each.state, each.text) for each in asked(account.checks(streaming, parts))}
    assert found["no streamed row is refused"][0] == "wrong"
    assert OBJECT in found["no streamed row is refused"][1]


def test_a_row_is_named_by_whatever_pipe_it_came(peer: Peer, streaming: Settings):
    SmallRaw.make(peer, streaming)
    peer.refuse_rows([{"$1": sent(40)}, {"x": 1}], "no JSON")
    with Connection.open(streaming.snowflake, streaming.snowflake.transformer_role) as connection:
        found = refused.rows(connection, RAW)
    assert sorted(found.told) == ["a row that tells no object: no JSON", f"{OBJECT} row 40: no JSON"]


def test_an_error_table_that_is_not_ours_to_read_is_told_and_raises_nothing(peer: Peer, streaming: Settings):
    SmallRaw.make(peer, streaming)
    peer.statements = [each for each in peer.statements if "SELECT ERROR TABLE" not in each]
    with Connection.open(streaming.snowflake, streaming.snowflake.transformer_role) as connection:
        found = refused.rows(connection, RAW)
    assert found.count == 0 and "`candlewick setup snowflake` turns it on" in (found.problem or "")


def test_a_session_that_is_over_is_no_missing_right(peer: Peer, streaming: Settings):
    SmallRaw.make(peer, streaming)

    class Over:
        def run(self, _statement: str) -> list[tuple[object, ...]]:
            raise WarehouseLoginError("Snowflake has ended the session")

    with pytest.raises(WarehouseLoginError):
        refused.rows(Over(), RAW)  # type: ignore[arg-type]


def test_none_is_told_as_none():
    assert Refused.of_beat({}) is None
    assert Refused.of_beat({"refused_rows": {"count": 0, "told": [], "problem": None}}) == Refused()
