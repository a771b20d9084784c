"""A cycle on Snowflake, and a load: what they take, what is left where one fails, and what their statements read.

Statements are checked as they were sent. The tests share an account, which holds more with each of them.
"""

import re
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
import sqlglot
from fakesnow.dialect import parse_one
from sqlglot import exp
from sqlglot.errors import ParseError

from candlewick.config import Settings, SnowflakeSettings
from candlewick.errors import WarehouseBusyError, WarehouseError
from candlewick.lake.objects import Lake
from candlewick.lake.sealed import file
from candlewick.seal.certificate import Certificate, certify
from candlewick.seal.merkle import Tree, leaves
from candlewick.seal.minutes import compare
from candlewick.seal.seals import Seals, pack
from candlewick.warehouse.pace import Pace
from candlewick.warehouse.snowflake import views
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.follower import Follower
from candlewick.warehouse.snowflake.lease import Lease
from candlewick.warehouse.snowflake.loading import Load
from candlewick.warehouse.snowflake.owner import Owner
from candlewick.warehouse.snowflake.session import Session
from made.small_raw import SmallRaw
from peers import fakesnow_speed
from peers.snowflake_peer import Host, Peer, write_connection
from seal.made import Market

DAY = datetime(2026, 6, 1, tzinfo=UTC)
MOST_STATEMENTS = 85
"""Of a cycle with everything in it, the audit and the long candles too. It was over 150 when dbt ran it."""

GROWING = re.compile(
    r"TRADES_DEDUPED|TRADES_OHLC_\w+|TRADES_FOOTPRINT_\w+|EXCHANGE_\w+|OBJECT_\w+|CANDLE_AUDIT|FOOTPRINT_AUDIT|BINANCE_RAW"
)
TIMES = {"TRADED_AT", "OPEN_TIME", "LOADED_AT", "CREATED_AT"}


@dataclass
class Account:
    """A warehouse with a pipe, and who runs its models."""

    settings: Settings
    peer: Peer
    raw: SmallRaw
    owner: Owner
    ids: int = 0

    def trade(self, at: datetime, count: int = 60) -> None:
        """Put an object of so many trades, one a second from a time on, and let the pipe load it."""
        self.raw.put(self.ids + 1, self.ids + count, at=at)
        self.ids += count
        assert self.raw.load() == 1

    def sent_in_a_cycle(self) -> list[str]:
        """Run a cycle with all models, make the views, and return the statements."""
        self.peer.statements.clear()
        assert self.owner.cycle(with_audit=True)
        self.owner._works(lambda connection: views.make(connection, self.owner.work.program.models))
        return list(self.peer.statements)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with Connection.open(self.settings.snowflake, self.settings.snowflake.transformer_role) as connection:
            return connection.run(statement)


@pytest.fixture(scope="module")
def account(snowflake_server: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    home = tmp_path_factory.mktemp("cycle")
    settings = Settings(
        data=home / "data",
        lake="s3://tape",
        warehouse="snowflake",
        timezone="UTC",
        snowflake=SnowflakeSettings(connection="peer"),
    )
    write_connection(home / "snowflake", snowflake_server.port)
    peer = snowflake_server.new_peer()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNOWFLAKE_HOME", str(home / "snowflake"))
        raw = SmallRaw.make(peer, settings)
        with Owner.open(settings) as owner:
            owner._views, owner._far, owner._purge = (Pace(1.0, is_owed=False) for _ in range(3))  # never by the clock
            yield Account(settings, peer, raw, owner)


@pytest.fixture(autouse=True)
def begun(account: Account, snowflake_server: Host) -> None:
    """A day of trades, before each test whichever runs."""
    snowflake_server.be(account.peer)
    begin(account)


def begin(account: Account) -> None:
    if not account.ids:
        account.trade(DAY)
        account.owner.cycle(with_audit=True)


LATE = "'late', 1, dateadd('day', -5, cast(convert_timezone('UTC', current_timestamp()) as timestamp_ntz))"
KLINE = (
    '{"e":"kline","E":%(at)s,"s":"LATEUSDT","k":{"t":%(at)s,"s":"LATEUSDT","i":"1m","f":1,"L":1,"o":"7.5","c":"7.5",'
    '"h":"7.5","l":"7.5","v":"2","n":1,"x":true,"q":"15","V":"0","Q":"0"},"src":"ws","recv":%(at)s}'
)


def test_what_comes_late_reaches_gold_and_what_comes_twice_changes_nothing(account):
    """A long COPY by hand, or a streaming host whose clock is behind: cycles have gone on to later lines since."""
    counts = (
        "select (select count(*) from SILVER.TRADES_DEDUPED), (select count(*) from SILVER.OBJECT_MANIFESTS),"
        " (select count(*) from SILVER.OBJECT_SPANS)"
    )
    [(trades, *others)] = account.rows(counts)
    at = int((DAY + timedelta(days=2)).timestamp() * 1e6)
    line = f'{{"e":"trade","E":1,"s":"LATEUSDT","t":1,"p":"7.5","q":"2","T":{at},"m":true,"src":"ws","recv":{at}}}'
    account.rows(f"insert into RAW.BINANCE_RAW select parse_json('{line}'), {LATE}")
    account.rows(
        f"insert into RAW.BINANCE_RAW select parse_json('{KLINE % {'at': at // 60_000_000 * 60_000}}'), {LATE}"
    )
    account.rows("insert into RAW.BINANCE_RAW select * from RAW.BINANCE_RAW where object_name <> 'late'")
    assert account.owner.cycle(with_audit=True)
    candles = account.rows("select trade_count, close from GOLD.TRADES_OHLC_1M where symbol = 'LATEUSDT'")
    assert candles == [(1, Decimal("7.5"))]
    klines = "select close from SILVER.EXCHANGE_KLINES where symbol = 'LATEUSDT'"
    assert account.rows(klines) == [(Decimal("7.5"),)], "its object's manifest is not here yet, where it is streamed"
    assert account.rows(counts) == [(trades + 1, *others)]


class Failing(Connection):
    """A connection that fails after so many statements, once."""

    def __init__(self, whole: Connection, after: int) -> None:
        self.login, self.tag, self._session, self._left = whole.login, None, whole._session, after

    def run(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        self._left -= 1
        if self._left == 0:
            raise WarehouseError("the connection is gone")
        return super().run(statement, parameters)


def test_a_cycle_that_fails_has_changed_nothing_and_the_next_one_does_it(account):
    tables = ("SILVER.TRADES_DEDUPED", "SILVER.TAPE_SPANS", "GOLD.TRADES_OHLC_1M", "GOLD.TRADES_OHLC_5M")
    counts = f"select {', '.join(f'(select count(*) from {table})' for table in tables)}"
    account.trade(DAY + timedelta(days=3))
    before = account.rows(counts)
    for after in (3, 20):  # in the lease's claim, and among the models
        with pytest.raises(WarehouseError, match="gone"):
            account.owner._works(lambda whole: account.owner.work.run(Failing(whole, after), with_audit=False))  # noqa: B023
        assert account.rows(counts) == before
    assert account.owner.cycle()
    assert account.rows(counts)[0][0] == before[0][0] + 60


def test_one_owner_at_a_time_runs_the_models(account):
    other = replace(account.owner.work, lease=replace(account.owner.work.lease, holder="elsewhere:/data"))
    with pytest.raises(WarehouseBusyError, match=r"the models are run by .*:.*data already"):
        account.owner._works(lambda connection: other.run(connection, with_audit=False))


def test_an_owner_whose_host_has_another_name_by_now_goes_on_at_once(account, monkeypatch):
    """A container's name is another one with each start; its data folder is the same."""
    monkeypatch.setattr("socket.gethostname", lambda: "another-name")
    again = Lease.of(account.settings)
    assert again.holder != account.owner.work.lease.holder
    assert account.owner._works(again.claim) > datetime(2026, 1, 1)
    account.owner._works(account.owner.work.lease.claim)


class Sent(NamedTuple):
    """The statements of a cycle with everything in it and of the making of the views, and how many rows these scan."""

    statements: list[str]
    scanned: int


@pytest.fixture(scope="module")
def sent(account: Account, snowflake_server: Host) -> tuple[Sent, Sent]:
    """What is sent on a day of history, and on a year."""
    snowflake_server.be(account.peer)
    begin(account)
    account.trade(DAY + timedelta(days=5))
    account.owner.cycle(with_audit=True)  # this, and what tests before left to a cycle with the audit
    account.trade(DAY + timedelta(days=5, minutes=10))
    on_a_day = account.sent_in_a_cycle()
    rows_of_a_day = scanned(account, on_a_day)
    for month in range(1, 13):
        account.trade(DAY - timedelta(days=30 * month), count=40)
    account.owner.cycle(with_audit=True)
    account.trade(DAY + timedelta(days=5, minutes=20))
    on_a_year = account.sent_in_a_cycle()
    return Sent(on_a_day, rows_of_a_day), Sent(on_a_year, scanned(account, on_a_year))


def test_a_cycle_sends_few_statements(sent, capsys):
    with capsys.disabled():
        print(f"\n{len(sent[0].statements)} statements in a cycle with the audit and new views")
    assert len(sent[0].statements) <= MOST_STATEMENTS


def test_the_rows_that_a_cycle_scans_do_not_grow_with_the_history(sent, account):
    """They are counted as Snowflake prunes: those that the literal bounds on a table's time let through."""
    on_a_day, on_a_year = (each.scanned for each in sent)
    [(trades,)] = account.rows("select count(*) from SILVER.TRADES_DEDUPED where symbol = 'BTCUSDT'")
    assert trades > 600 and on_a_day > 100
    # The first of the two was the second cycle within minutes, the other the third: that much more is near what is new.
    assert on_a_year < 2 * on_a_day


def scanned(account: Account, statements: list[str]) -> int:
    """How many rows of tables that grow are within the literal bounds of the statements that read them."""
    counts = [
        f"(select count(*) from {exp.table_(table.this, table.args.get('db')).sql()} as {table.alias_or_name}"
        f" where {_bounds(table)})"
        for statement in statements
        for table in _reads(sqlglot.parse_one(statement, read="snowflake"))
    ]
    return int(account.rows(f"select {' + '.join(counts)}")[0][0])


def _bounds(table: exp.Table) -> str:
    """What a statement says of a table's times and of nothing else."""
    conditions = [part for place in _places(table) for part in _parts(place)]
    mine = [each.sql(dialect="snowflake") for each in conditions if _is_about_times(each, table.alias_or_name)]
    return " and ".join(mine) or "true"


def _parts(place: exp.Expression) -> list[exp.Expression]:
    whole = place.this if isinstance(place, exp.Where) else place
    return list(whole.flatten()) if isinstance(whole, exp.And) else [whole]


def _is_about_times(condition: exp.Expression, alias: str) -> bool:
    if condition.find(exp.Subquery, exp.Select, exp.Exists):
        return False
    columns = list(condition.find_all(exp.Column))
    return all(each.name.upper() in TIMES and each.table in ("", alias) for each in columns)


def test_the_quick_way_to_rewrite_a_statement_for_the_stand_in_changes_nothing(sent, account):
    cursor = account.peer.holds.connect("CRYPTO_DB", "RAW").cursor()
    for statement in {_shape(each): each for each in sent[0].statements}.values():
        with suppress(ParseError):
            whole, quick = (
                way(cursor, parse_one(statement), None) for way in (fakesnow_speed.whole, fakesnow_speed.quick)
            )
            assert whole == quick


def test_on_a_year_of_history_the_statements_differ_from_those_on_a_day_in_literals_only(sent):
    on_a_day, on_a_year = (each.statements for each in sent)
    assert [_shape(each) for each in on_a_year] == [_shape(each) for each in on_a_day]


def _shape(statement: str) -> str:
    """A statement without its literals; however many periods its news touch, they are one list of them."""
    plain = re.sub(r"'[^']*'|\d+", "?", statement)
    return re.sub(r"(\([\w.]+ >= timestamp \? and [\w.]+ < timestamp \?\))( or \1)+", r"\1", plain)


def test_no_statement_of_a_cycle_or_of_a_live_view_touches_a_table_that_grows_without_a_literal_range(sent):
    assert [found for statement in sent[0].statements for found in _unbounded(statement)] == []


def test_no_poll_of_a_dashboard_reads_a_table_that_grows_whole_whatever_is_looked_at(sent, account):
    snowflake = account.settings.snowflake.model_copy(update={"poll_seconds": 3_600.0})
    with closing(Follower(account.settings.model_copy(update={"snowflake": snowflake}))) as reader:
        for symbol in ("BTCUSDT", "NONEUSDT"):
            for timeframe in ("1m", "1h"):
                reader.candles(symbol, timeframe, limit=5)
        account.trade(DAY + timedelta(days=5, minutes=30))
        account.owner.cycle(with_audit=True)
        account.peer.statements.clear()
        reader._poll()
        polled = [each for each in account.peer.statements if "is_settled" in each]
        assert len(polled) == 1 and _unbounded(polled[0]) == []
        held = [each.series for each in reader._held.values()]
        assert len(held) == 4 and min(min(each.seen, each.newest) for each in held) > datetime(2026, 1, 1)
        opens = DAY.replace(tzinfo=None) + timedelta(days=5, minutes=30)
        news = reader.candles("BTCUSDT", "1m", opens, opens + timedelta(minutes=1))
        assert news["trade_count"].to_pylist() == [60]
        account.peer.statements.clear()
        reader._gold.candles("BTCUSDT", "1s", end=DAY.replace(tzinfo=None) + timedelta(days=5, seconds=50), limit=5)
        [page] = [each for each in account.peer.statements if "_live" in each and each.startswith("select symbol")]
        assert _unbounded(page) == []


def _unbounded(statement: str) -> list[str]:
    """The tables that grow which a statement reads, or deletes from, without a literal bound on a time of theirs."""
    tables = _reads(sqlglot.parse_one(statement, read="snowflake"))
    return [f"{table.name} in {statement}" for table in tables if not _is_bounded(table)]


def _reads(parsed: exp.Expression) -> list[exp.Table]:
    """The tables that grow of which a statement reads, or deletes, rows."""
    names = [(table, table.name.upper()) for table in parsed.find_all(exp.Table)]
    growing = [table for table, name in names if GROWING.fullmatch(name) and not name.endswith("__CHANGED")]
    return [each for each in growing if not (_is_written(each) or _is_counted(each) or _is_settled(each))]


def _is_written(table: exp.Table) -> bool:
    """Named as what is inserted into or made: nothing of it is read."""
    parent = table.parent.parent if isinstance(table.parent, exp.Schema) else table.parent
    return isinstance(parent, exp.Insert | exp.Create)


def _is_counted(table: exp.Table) -> bool:
    """All of its rows are counted, which Snowflake knows without reading one."""
    select = table.find_ancestor(exp.Select)
    return select is not None and select.sql().startswith("SELECT COUNT(*) FROM") and not select.args.get("where")


def _is_settled(table: exp.Table) -> bool:
    """The settled candles that a live view shows: who asks the view says which."""
    cte = table.find_ancestor(exp.CTE)
    return table.alias == "candles" and cte is not None and cte.alias == "settled"


def _is_bounded(table: exp.Table) -> bool:
    return any(map(_has_bound, _places(table)))


def _places(table: exp.Table) -> list[exp.Expression]:
    """Where a statement says which rows of a table it is about."""
    scope = table.find_ancestor(exp.Select, exp.Delete)
    assert scope is not None
    places = [scope.args.get("where"), *(join.args.get("on") for join in scope.args.get("joins") or [])]
    return [place for place in places if place is not None]


def _has_bound(place: exp.Expression) -> bool:
    """Whether a literal moment bounds a time from below, or nothing is asked for."""
    if any(isinstance(each.parent, exp.Where | exp.And) for each in place.find_all(exp.Boolean) if not each.this):
        return True
    for bound in place.find_all(exp.GT, exp.GTE):
        column, literal = bound.this, bound.expression
        is_value = literal.find(exp.Literal, exp.Placeholder) is not None  # a parameter is one when it is planned
        is_literal = is_value and literal.find(exp.Column, exp.Subquery) is None
        if isinstance(column, exp.Column) and column.name.upper() in TIMES and is_literal:
            return True
    older = [each for each in place.find_all(exp.LT) if isinstance(each.this, exp.Column)]
    return isinstance(place.parent, exp.Delete) and any(each.this.name.upper() == "LOADED_AT" for each in older)


def test_a_load_puts_sealed_days_into_silver_by_their_digits_and_copies_the_rest_once(account, tmp_path):
    lake, market = Lake.open(str(tmp_path / "lake"), "binance"), Market(count=40, symbol="SEALUSDT", places=(8, 8))
    certificate = sealed(lake, market)
    account.raw.put(account.ids + 1, account.ids + 60, at=DAY + timedelta(days=7))
    account.ids += 60
    objects = account.peer.objects()
    [unloaded] = [name for name in objects if "/2026-06-08/" in name]
    lake.put_absent(unloaded, objects[unloaded])
    objects |= {item.name: lake.get(item.name) for item in lake.files("binance/sealed")}
    snowflake = account.settings.snowflake
    with closing(Session(snowflake, snowflake.loader_role, warehouse=snowflake.warehouse)) as copies:
        load = Load(account.settings, lake, account.owner, copies)
        plan = load.plan(None)
        assert (len(plan.sealed), len(plan.days)) == (1, 1)
        steps: list[tuple[int, int]] = []
        load.run(plan, lambda done, total: steps.append((done, total)))
        assert (load.trades, load.objects, steps, load.refused) == (40, 1, [(1, 2), (2, 2)], [])
        again = Load(account.settings, lake, account.owner, copies)
        assert again.plan(None).sealed == []
        again.run(again.plan(None), lambda _done, _total: None)
        assert (again.trades, again.objects) == (0, 0)
    trades = account.rows(
        "select trade_id, price, quantity, is_buyer_maker from SILVER.TRADES_DEDUPED"
        " where symbol = 'SEALUSDT' order by trade_id"
    )
    assert trades == [(number, Decimal(p), Decimal(q), maker) for number, p, q, _, maker in market.trades]
    verdicts = "select distinct status from GOLD.CANDLE_AUDIT where symbol = 'SEALUSDT' and trade_count > 0"
    assert account.rows(verdicts) == [("match",)]
    told = "select state, trade_count, digest from GOLD.TAPE_DAYS where symbol = 'SEALUSDT'"
    assert account.rows(told) == [("sealed", 40, certificate.digest)]
    copied = "select count(*) from SILVER.TRADES_DEDUPED where symbol = 'BTCUSDT' and traded_at >= '2026-06-08'"
    assert account.rows(copied) == [(60,)]


def sealed(lake: Lake, market: Market) -> Certificate:
    """Seal a market's day, as the sealer names and writes its files; return its certificate."""
    seals, day = Seals(lake), market.gathered().assemble()
    files = [
        seals.put_file(day.symbol, day.day, kind, content)
        for kind, content in (("parquet", file.write(day)), ("evidence.json.zst", pack(list(day.evidence))))
    ]
    tree = Tree()
    for trades in day.parts():
        tree.add(leaves(trades, day.places))
    more = {"declared": (), "previous": None, "sealed_at": 1_780_000_000_000_000, "recorder": "r1"}
    made = certify(day, tree, compare(day), sources={"ws": day.count}, file=files[0], evidence=files[1], **more)
    return seals.put_certificate(made)
