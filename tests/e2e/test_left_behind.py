"""All that a version keeps, opened by this one: lake with a sealed day, state, warehouse, mart, and what people keep.

`tests/made/version_0_1_0_sealed.tar.xz` was left by `made/leave.py`: BTCDEMO's 26 November 2026, sealed and signed,
which the warehouse and the mart read from its file; some seconds of ETHDEMO; a user, an alert, a watchlist and a
drawing. What is of a newer version is refused in one line, and stays as it is.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from msgspec.structs import replace

from candlewick import config
from candlewick.cli import main
from candlewick.dashboard.alerts.book import AlertBook
from candlewick.dashboard.door.users import Users
from candlewick.dashboard.keeping.drawings import Drawings
from candlewick.dashboard.keeping.layouts import Layouts
from candlewick.lake import manifest as manifests
from candlewick.lake.objects import Lake, pack
from candlewick.lake.sealed import file as sealed_file
from candlewick.mart import version as mart
from candlewick.mart.reader import Mart
from candlewick.seal import certificate
from candlewick.spans import Spans
from candlewick.tape import checkpoint
from candlewick.warehouse.duckdb import file as warehouse
from candlewick.warehouse.home import home_of
from made.unpacking import WITH_SEALED_DAY, unpacked
from warehouse.lakes import Writer, trade_line

SYMBOL, RECORDED, DAY = "BTCDEMO", "ETHDEMO", "2026-11-26"
SEALED = 487
CAME = "select symbol, trade_id from silver.trades_deduped where traded_at::date > ?::date order by traded_at"
OF_THE_DAY = {
    "trades": "select * from silver.trades_deduped where traded_at::date = ?::date order by all",
    "candles": "select * from gold.trades_ohlc_1m where open_time::date = ?::date order by all",
    "seconds": "select * from gold.trades_ohlc_1s where open_time::date = ?::date order by all",
    "levels": "select * from gold.trades_footprint_1m where open_time::date = ?::date order by all",
    "verdicts": "select status, count(*) from gold.candle_audit where open_time::date = ?::date group by all",
    "days": "select symbol, day, state, digest, trade_count from gold.tape_days where day = ?::date",
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> config.Settings:
    monkeypatch.chdir(tmp_path)
    return unpacked(WITH_SEALED_DAY, tmp_path)


def command(*arguments: str, code: int = 0) -> None:
    """Run a command in this process; how it ended is as expected."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr("sys.argv", ["candlewick", *arguments])
        main()
    assert (ended.value.code or 0) == code


def rows(settings: config.Settings, statement: str) -> list[tuple[object, ...]]:
    with Mart(settings.mart_path).connect() as connection:
        return connection.execute(statement, [DAY]).fetchall()


def formats(settings: config.Settings) -> dict[str, int]:
    """The version of each part, as it lies there."""
    lake = Lake.open(settings.lake_url, settings.prefix)
    [seal] = [item.name for item in lake.files("demo/sealed") if item.name.endswith("certificate.json")]
    [day] = [item.name for item in lake.files("demo/sealed") if item.name.endswith(".parquet")]
    with duckdb.connect(str(settings.duckdb_path), read_only=True) as connection:
        [(noted,)] = connection.execute("select value from raw.settings where name = 'format'").fetchall()
    about = duckdb.sql(f"select decode(value) from parquet_kv_metadata('{lake.root}/{day}') where key = 'candlewick'")
    return {
        "object": max(lake.read_text(item.name).manifest.v for item in lake.list_all()),
        "checkpoint": json.loads(settings.state_path.read_text())["v"],
        "certificate": json.loads(lake.get(seal))["version"],
        "sealed file": json.loads(about.fetchall()[0][0])["version"],
        "mart": json.loads((settings.mart_path / mart.CURRENT).read_text())["format"],
        "warehouse": int(noted),
    }


KNOWN = {
    "object": manifests.VERSION,
    "checkpoint": checkpoint.VERSION,
    "certificate": certificate.VERSION,
    "sealed file": sealed_file.VERSION,
    "mart": mart.FORMAT,
    "warehouse": warehouse.FORMAT,
}
LEFT = {"object": 1, "checkpoint": 1, "certificate": 1, "sealed file": 1, "mart": 2, "warehouse": 3}
"""The formats of that file; where one of today's is newer, this is an older version's, and going on brings it up."""


def test_it_is_opened_whole_and_goes_on_in_the_formats_of_today(settings):
    assert formats(settings) == LEFT
    before = {name: rows(settings, statement) for name, statement in OF_THE_DAY.items()}
    assert len(before["trades"]) == SEALED and len(before["candles"]) > 1_400 and before["levels"]
    assert [row[2] for row in before["days"]] == ["sealed"] and dict(before["verdicts"])["match"] > 1_400
    lake = Lake.open(settings.lake_url, settings.prefix)
    held = checkpoint.open_checkpoint(settings.state_path, lake, settings.recorder)
    newest = held.covered[RECORDED][-1][1]
    writer = Writer(lake, settings.recorder, clock=held_clock(lake), sequence=held.seq, previous=held.prev)
    writer.covered = {symbol: Spans(ranges) for symbol, ranges in held.covered.items()}
    writer.stream([trade_line(RECORDED, newest + 1, held_clock(lake), price="100.5", quantity="2")])
    home_of(settings).own(once=True)
    after = {name: rows(settings, statement) for name, statement in OF_THE_DAY.items()}
    assert after == before, "nothing of the sealed day has changed"
    assert rows(settings, CAME)[-1] == (RECORDED, newest + 1), "and the trade that came is there"
    assert formats(settings) == KNOWN

    command("audit", "--lake")
    command("prove", SYMBOL, DAY, "-o", "day.proof.zip")
    verify = Path(sys.modules[certificate.__name__].__file__ or "").with_name("verify.py")
    done = subprocess.run([sys.executable, verify, "day.proof.zip"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def held_clock(lake: Lake) -> int:
    """A moment behind all that was recorded."""
    return max(lake.read_text(item.name).manifest.created for item in lake.list_all()) + 60_000_000


def test_what_people_keep_is_there(settings):
    users = Users(settings.door_path / "users.json")
    assert users.of_password("ann", "a long enough password") is not None
    assert users.of_password("ann", "another password") is None
    book = AlertBook(settings.alerts_path)
    assert [(alert.kind, alert.symbol, alert.level) for alert in book.alerts()] == [("above", SYMBOL, "1000000")]
    book.close()
    assert Layouts(settings.layouts_path).of("ann").watchlist == {"mine": {"symbols": [SYMBOL]}}
    assert Drawings(settings.drawings_path).of("ann", SYMBOL) == {"1": {"tool": "line"}}


def newer_object(settings: config.Settings) -> Path:
    """What the recorder would go on from; without a checkpoint, which would be made of it."""
    lake = Lake.open(settings.lake_url, settings.prefix)
    held = checkpoint.load(settings.state_path, settings.recorder)
    assert held is not None and held.last_stream is not None
    item = lake.read_object(held.last_stream)
    path = Path(str(lake.root)) / item.name
    path.write_bytes(pack(item.lines, replace(item.manifest, v=9)))
    settings.state_path.unlink()
    return path


def newer_json(path: Path, field: str) -> Path:
    """The same file, of version 9."""
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: 9}, separators=(",", ":"), sort_keys=True) + "\n")
    return path


def newer_warehouse(settings: config.Settings) -> Path:
    with duckdb.connect(str(settings.duckdb_path)) as connection:
        connection.execute("update raw.settings set value = '9' where name = 'format'")
    return settings.duckdb_path


NEWER: dict[str, tuple[Callable[[config.Settings], Path], list[str]]] = {
    "object": (newer_object, ["record"]),
    "checkpoint": (lambda settings: newer_json(settings.state_path, "v"), ["record"]),
    "certificate": (
        lambda settings: newer_json(next(settings.data.glob("lake/demo/sealed/*/*/*.certificate.json")), "version"),
        ["prove", SYMBOL, DAY, "-o", "day.proof.zip"],
    ),
    "mart": (lambda settings: newer_json(settings.mart_path / mart.CURRENT, "format"), ["sql", "select 1"]),
    "warehouse": (newer_warehouse, ["warehouse", "--once"]),
}


@pytest.mark.parametrize("part", NEWER)
def test_a_newer_part_is_refused_in_one_line_and_stays_as_it_is(part, settings, capsys):
    made_newer, asked = NEWER[part]
    path = made_newer(settings)
    content = path.read_bytes()
    command(*asked, code=1)
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert len(said) == 1 and "version 9 was written by a newer Candlewick" in said[0], said
    assert path.read_bytes() == content
