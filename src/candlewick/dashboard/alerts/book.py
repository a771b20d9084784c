"""The book of alerts: which there are, how far the tape was looked at, what rang, and what has yet to be delivered.

One SQLite file. What a batch of trades rings, the alerts as they are afterwards and how far the tape was looked at are
written in one transaction, so that a process killed at any moment neither misses a ring nor rings twice.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from candlewick.dashboard.alerts.alert import Alert, Ring
from candlewick.errors import CandlewickError
from candlewick.process.crashpoint import crashpoint

ALERTS_AT_MOST = 200
RINGS_KEPT = 5_000
_VERSION = 1
_TABLES = """
create table alerts (id text primary key, body blob not null);
create table positions (symbol text primary key, trade_id integer, price integer, traded_at integer);
create table owed (
    symbol text, first_id integer, last_id integer, price integer, traded_at integer, owed_at integer,
    primary key (symbol, first_id)
);
create table rings (number integer primary key autoincrement, key text not null unique, body blob not null);
create table deliveries (key text primary key, tries integer not null, due_at integer not null, answer text not null);
"""

T = TypeVar("T")


class Position(msgspec.Struct, frozen=True):
    """The last trade of a symbol that was looked at; its price in 10^-8, its time in µs."""

    trade_id: int
    price: int
    traded_at: int


class Owed(msgspec.Struct, frozen=True):
    """Ids that were not there when the tape went on, at `owed_at`; price and time are of the trade in front of them."""

    symbol: str
    first_id: int
    last_id: int
    price: int
    traded_at: int
    owed_at: int


class Delivery(msgspec.Struct, frozen=True):
    """A ring that a webhook has not taken yet."""

    ring: Ring
    tries: int
    due_at: int


class AlertBook:
    """The book in a file; safe to use from several threads. Raises `CandlewickError` where the file is no book."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self.on_ring: Callable[[], object] = lambda: None
        """Called when a ring that is to be delivered is in the book, by whichever thread wrote it."""
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._make(path)
        except sqlite3.DatabaseError as error:
            raise CandlewickError(f"{path}: expected the book of alerts, got {error}; move it away") from None
        path.chmod(0o600)

    def close(self) -> None:
        """Let go of the file, once whoever writes has written."""
        with self._lock:
            self._db.close()

    def alerts(self) -> list[Alert]:
        """Return all alerts, the oldest first."""
        return [_alert(body) for (body,) in self._rows("select body from alerts order by rowid")]

    def put(self, alert: Alert) -> None:
        """Add an alert, or replace it. Raises `CandlewickError` where there are too many."""
        with self._transaction():
            others = self._value("select count(*) from alerts where id <> ?", alert.id)
            if others >= ALERTS_AT_MOST:
                raise CandlewickError(f"expected at most {ALERTS_AT_MOST} alerts; remove some")
            self._put(alert)

    def remove(self, alert_id: str) -> bool:
        """Remove an alert; returns whether there was one."""
        with self._transaction():
            return self._db.execute("delete from alerts where id = ?", [alert_id]).rowcount > 0

    def positions(self) -> dict[str, Position]:
        """Return how far each symbol's tape was looked at."""
        rows = self._rows("select * from positions")
        return {symbol: Position(*rest) for symbol, *rest in rows}

    def owed(self) -> list[Owed]:
        """Return the ids that have yet to be looked at."""
        return [Owed(*row) for row in self._rows("select * from owed")]

    def went_on(
        self,
        symbol: str,
        position: Position | None,
        rung: Sequence[tuple[Alert, Ring]],
        *,
        owed: Owed | None = None,
        settled: Owed | None = None,
        delivers: bool = False,
    ) -> None:
        """Note, all or nothing, how far the tape was looked at, what rang, and what is owed, or not any more."""
        with self._transaction():
            if position is not None:
                statement = "insert or replace into positions values (?, ?, ?, ?)"
                self._db.execute(statement, [symbol, position.trade_id, position.price, position.traded_at])
            if owed is not None:
                row = [owed.symbol, owed.first_id, owed.last_id, owed.price, owed.traded_at, owed.owed_at]
                self._db.execute("insert or replace into owed values (?, ?, ?, ?, ?, ?)", row)
            if settled is not None:
                self._db.execute("delete from owed where symbol = ? and first_id = ?", [symbol, settled.first_id])
            for alert, ring in rung:
                self._write(alert, ring, delivers)
            crashpoint("noting what rang")
        if rung and delivers:
            self.on_ring()

    def forget(self, symbol: str) -> None:
        """Drop the position of a symbol without price alerts: one that is made later begins at its own moment."""
        with self._transaction():
            for table in ("positions", "owed"):
                self._db.execute(f"delete from {table} where symbol = ?", [symbol])

    def rings(self, after: int = 0, limit: int = 100) -> list[tuple[int, Ring]]:
        """Return the newest rings with a number above `after`, ascending."""
        newest = "select number, body from rings where number > ? order by number desc limit ?"
        rows = self._rows(f"select * from ({newest}) order by number", after, limit)
        return [(number, msgspec.json.decode(body, type=Ring)) for number, body in rows]

    def due(self, at: int, limit: int = 20) -> list[Delivery]:
        """Return deliveries that are due at a moment, the oldest first."""
        statement = """
            select body, tries, due_at from deliveries join rings using (key)
            where due_at <= ? and due_at > 0 order by number limit ?
        """
        rows = self._rows(statement, at, limit)
        return [Delivery(msgspec.json.decode(body, type=Ring), tries, due_at) for body, tries, due_at in rows]

    def next_due(self) -> int | None:
        """Return when the next delivery is due; None where nothing waits."""
        [(due_at,)] = self._rows("select min(due_at) from deliveries where due_at > 0")
        return due_at if due_at is None else int(due_at)

    def delivered(self, key: str) -> None:
        """Note that a webhook took a ring."""
        with self._transaction():
            self._db.execute("delete from deliveries where key = ?", [key])

    def put_off(self, key: str, due_at: int, answer: str) -> None:
        """Note that a delivery failed, and when it is tried again; 0 is never."""
        with self._transaction():
            statement = "update deliveries set tries = tries + 1, due_at = ?, answer = ? where key = ?"
            self._db.execute(statement, [due_at, answer[:200], key])

    def undelivered(self) -> list[tuple[str, int, str]]:
        """Return key, tries and the last answer of what was not taken so far."""
        return self._rows("select key, tries, answer from deliveries where tries > 0 order by rowid")

    def _write(self, alert: Alert, ring: Ring, delivers: bool) -> None:
        known = self._db.execute("select body from alerts where id = ?", [alert.id]).fetchone()
        if known is None:
            return  # removed meanwhile
        self._put(alert)
        statement = "insert or ignore into rings (key, body) values (?, ?)"
        is_new = self._db.execute(statement, [ring.key, msgspec.json.encode(ring)]).rowcount > 0
        if is_new and delivers:
            self._db.execute("insert into deliveries values (?, 0, 1, '')", [ring.key])
        self._db.execute("delete from rings where number <= (select max(number) from rings) - ?", [RINGS_KEPT])

    def _put(self, alert: Alert) -> None:
        body = msgspec.json.encode(alert)
        statement = "insert into alerts values (?, ?) on conflict (id) do update set body = excluded.body"
        self._db.execute(statement, [alert.id, body])

    def _make(self, path: Path) -> None:
        version = self._value("pragma user_version")
        if version > _VERSION:
            raise CandlewickError(f"{path}: made by a newer Candlewick (version {version}); update this one")
        if version == 0:
            self._db.executescript(f"begin; {_TABLES} pragma user_version = {_VERSION}; commit;")

    def _rows(self, statement: str, *params: Any) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, params).fetchall()

    def _value(self, statement: str, *params: Any) -> int:
        [(value,)] = self._rows(statement, *params)
        return int(value)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")


def _alert(body: bytes) -> Alert:
    return msgspec.json.decode(body, type=Alert)


def of_symbol(alerts: Iterable[Alert], symbol: str) -> list[Alert]:
    """The armed price alerts of a symbol."""
    return [alert for alert in alerts if alert.is_of_price and alert.is_armed and alert.symbol == symbol]
