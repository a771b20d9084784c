"""`publish = "snowflake"`: what DuckDB has computed, sent to Snowflake, whose warehouses then only read.

Every `publish_seconds` the settled rows that are new in the mart go as Parquet to a stage of Snowflake's own, and from
there, in one transaction, into the place of those of their keys; RAW.PUBLISHED notes in the same transaction how far
that is. So nothing is kept here: what was not committed is sent again, and what was changes nothing.

Sources: Snowflake, "PUT", "COPY INTO <table>" (MATCH_BY_COLUMN_NAME), "CREATE FILE FORMAT" (USE_LOGICAL_TYPE: decimals
and µs as the file has them).
"""

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import structlog

from candlewick import __version__
from candlewick.config import Settings
from candlewick.errors import CandlewickError, MartNotReadyError, WarehouseError
from candlewick.mart.reader import Mart
from candlewick.mart.version import AUDIT, CANDLES, DAYS, GAPS, TRADES
from candlewick.moments import now_us
from candlewick.warehouse.sending import Sending
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.session import Session

STAGE, FORMAT, NOTES = "RAW.CANDLEWICK_SENT", "RAW.CANDLEWICK_SENT_PARQUET", "RAW.PUBLISHED"
_NEVER = "1970-01-01 00:00:00"
_TYPES = {
    "VARCHAR": "VARCHAR",
    "BIGINT": "NUMBER(38, 0)",
    "INTEGER": "NUMBER(38, 0)",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "TIMESTAMP": "TIMESTAMP_NTZ(6)",
    "DECIMAL(38,8)": "NUMBER(38, 8)",
}
"""Snowflake's name of each type of the mart."""

log = structlog.get_logger()


class Sent(NamedTuple):
    """A table that is sent as it goes on: its keys, the time that its rows lie by, and which of them are settled."""

    name: str
    keys: tuple[str, ...] = ("symbol", "open_time")
    time: str = "open_time"
    settled: str = "true"


TABLES = (
    *(Sent(name, settled="is_closed") for name in CANDLES.values()),
    Sent(AUDIT),
    Sent(DAYS, ("symbol", "day"), "day"),
)
_TRADES = Sent(TRADES, ("symbol", "trade_id"), "traded_at")


class Part(NamedTuple):
    """Rows that go in one transaction, and what is noted with them: how far `note` is then."""

    table: Sent
    condition: str
    note: str
    until: str


@dataclass
class Sender:
    """Sends from the mart. `rows` counts what was sent, `told` says how it goes."""

    settings: Settings
    rows: int = 0
    told: Sending = field(default_factory=Sending)
    _notes: dict[str, str] | None = None
    _made: set[str] = field(default_factory=set)

    @contextmanager
    def running(self, *, once: bool) -> Iterator[Callable[[], Sending]]:
        """Send every `publish_seconds` while the block runs; with `once`, when it is over. Raises then as `send`.

        The block is given what tells how it goes.
        """
        if once:
            yield lambda: self.told
            self.send()
            return
        stop = threading.Event()
        thread = threading.Thread(target=self._run, args=(stop,), name="publishing", daemon=True)
        thread.start()
        try:
            yield lambda: self.told
        finally:
            stop.set()
            thread.join()

    def _run(self, stop: threading.Event) -> None:
        pause = 0.0
        while not stop.wait(pause):
            started = time.monotonic()
            try:
                self.send(stop)
            except MartNotReadyError:
                pause = 1.0
                continue
            except (CandlewickError, duckdb.Error, OSError) as error:
                self.told = Sending(self.rows, self.told.sent_at, str(error))
                log.error("Snowflake was not sent what is new; it is tried again", problem=str(error))
            except Exception as error:  # nobody else would tell that nothing is sent any more
                self.told = Sending(self.rows, self.told.sent_at, f"unexpected: {error!r}")
                log.exception("Snowflake was not sent what is new, in an unexpected way; it is tried again")
            else:
                self.told = Sending(self.rows, now_us())
            pause = max(0.0, self.settings.snowflake.publish_seconds + started - time.monotonic())

    def send(self, stop: threading.Event | None = None) -> int:
        """Send what is new, and return how many rows that were. One login, and none where nothing is new.

        Raises `MartNotReadyError`, `WarehouseError` and `duckdb.Error`.
        """
        snowflake, before = self.settings.snowflake, self.rows
        session = Session(snowflake, snowflake.transformer_role, warehouse=snowflake.warehouse)
        mart = Mart(self.settings.mart_path).connect()
        try:
            for part in self._parts(mart, session):
                if stop is not None and stop.is_set():
                    break
                self._send(mart, session, part)
        finally:
            session.close()
            mart.close()
        return self.rows - before

    def _parts(self, mart: duckdb.DuckDBPyConnection, session: Session) -> Iterator[Part]:
        """What is new, oldest first: of each table by months, so that a first time of years is many small steps."""
        if self._notes is None:
            self._notes = session(self._read_notes)
        for table in TABLES:
            since = self._notes.get(table.name, _NEVER)
            is_new = f"loaded_at > timestamp '{since}'"
            months = mart.execute(
                f"select date_trunc('month', {table.time}), max(max(loaded_at)) over () from {table.name}"
                f" where {is_new} group by 1 order by 1"
            ).fetchall()
            for month, until in months:
                within = f"date_trunc('month', {table.time}) = '{month}' and {is_new} and {table.settled}"
                yield Part(table, within, table.name, str(until) if month == months[-1][0] else since)
        yield from self._sealed_days(mart)
        gaps = hashlib.sha256(repr(mart.execute(f"select * from {GAPS} order by all").fetchall()).encode()).hexdigest()
        if self._notes.get(GAPS) != gaps:
            yield Part(Sent(GAPS, ()), "true", GAPS, gaps)

    def _sealed_days(self, mart: duckdb.DuckDBPyConnection) -> Iterator[Part]:
        """The trades of each day that is sealed, once for each seal."""
        assert self._notes is not None
        days = mart.execute(
            f"select symbol, day, coalesce(digest, ''), trade_count from {DAYS} where state = 'sealed' order by 2, 1"
        ).fetchall()
        for symbol, day, digest, count in days:
            note = f"{TRADES} {symbol} {day}"
            if self._notes.get(note) == digest:
                continue
            opens = datetime.fromisoformat(str(day)[:10])
            within = (
                f"symbol = '{symbol}' and traded_at >= timestamp '{opens}'"
                f" and traded_at < timestamp '{opens + timedelta(days=1)}'"
            )
            # The trades' own files are published after their day's verdict: until then the day is not all here.
            if mart.execute(f"select count(*) from {TRADES} where {within}").fetchall() == [(count,)]:
                yield Part(_TRADES, within, note, digest)

    def _read_notes(self, connection: Connection) -> dict[str, str]:
        connection.tag = f"candlewick {__version__} publish"
        return {str(name): str(until) for name, until in connection.run(f"select name, until from {self._at(NOTES)}")}

    def _send(self, mart: duckdb.DuckDBPyConnection, session: Session, part: Part) -> None:
        columns = _columns(mart, part.table.name)
        query = f"select * from {part.table.name} where {part.condition} order by all"
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / "rows.parquet"
            target = str(draft).replace("'", "''")
            ((count,),) = mart.execute(f"copy ({query}) to '{target}' (format parquet, compression zstd)").fetchall()
            if count or not part.table.keys:
                file = draft.rename(draft.with_name(f"{_digest(draft)}.parquet"))
                session(lambda connection: self._put(connection, part, columns, file))
            else:
                session(lambda connection: self._note(connection, part))
        self.rows += count
        assert self._notes is not None
        self._notes[part.note] = part.until

    def _put(self, connection: Connection, part: Part, columns: dict[str, str], file: Path) -> None:
        """Bring a file into a table: the rows of its keys go, its rows come."""
        connection.tag = f"candlewick {__version__} publish"
        table, aside = self._at(part.table.name), f"{self._at(part.table.name)}__SENT"
        named = ", ".join(columns)
        if table not in self._made:
            typed = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
            connection.run(f"create transient table if not exists {table} ({typed})")
            there = {str(row["name"]).lower() for row in connection.rows(f"desc table {table}")}
            for name in [name for name in columns if name.lower() not in there]:  # an earlier version made it
                connection.run(f"alter table {table} add column {name} {columns[name]}")
            self._made.add(table)
        connection.run(f"create or replace temporary table {aside} as select * from {table} where false")
        connection.run(f"PUT 'file://{file}' @{self._at(STAGE)} AUTO_COMPRESS = FALSE OVERWRITE = TRUE")
        connection.run("begin")
        try:
            connection.run(
                f"COPY INTO {aside} FROM @{self._at(STAGE)}/{file.name}"
                f" FILE_FORMAT = (FORMAT_NAME = '{self._at(FORMAT)}') MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE"
                " FORCE = TRUE"
            )
            connection.run(_removal(connection, part.table, table, aside))
            connection.run(f"insert into {table} ({named}) select {named} from {aside}")
            self._note(connection, part)
            connection.run("commit")
        except BaseException:
            connection.run("rollback")
            raise
        connection.run(f"REMOVE @{self._at(STAGE)}/{file.name}")

    def _note(self, connection: Connection, part: Part) -> None:
        connection.run(f"delete from {self._at(NOTES)} where name = ?", [part.note])
        connection.run(f"insert into {self._at(NOTES)} (name, until) select ?, ?", [part.note, part.until])

    def _at(self, name: str) -> str:
        return f"{self.settings.snowflake.database}.{name.upper()}"


def _removal(connection: Connection, sent: Sent, table: str, aside: str) -> str:
    """Delete the rows of the keys that have come, within a literal range of time; all of a table without keys."""
    if not sent.keys:
        return f"delete from {table}"
    ((opens, closes),) = connection.run(f"select min({sent.time}), max({sent.time}) from {aside}")
    kind = "timestamp" if isinstance(opens, datetime) else "date"
    keys = " and ".join(f"held.{key} = sent.{key}" for key in sent.keys)
    return (
        f"delete from {table} as held using (select distinct {', '.join(sent.keys)} from {aside}) as sent where {keys}"
        f" and held.{sent.time} >= {kind} '{opens}' and held.{sent.time} <= {kind} '{closes}'"
    )


def _columns(mart: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """The columns of a table, with their types there. Raises `WarehouseError` for a type that Snowflake has not."""
    columns: dict[str, str] = {}
    for name, type_, *_ in mart.execute(f"describe {table}").fetchall():
        if type_ not in _TYPES:
            raise WarehouseError(f"{table}.{name}: expected one of {', '.join(_TYPES)}, got {type_}")
        columns[name] = _TYPES[type_]
    return columns


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:32]
