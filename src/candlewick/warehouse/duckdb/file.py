"""The embedded warehouse's home: one DuckDB file, opened by one process, and RAW in it.

DuckDB locks the file: a second owner is refused, and readers read the mart. What a transaction of this module wrote is
there whole after a kill at any instant, or not at all.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import duckdb
import pyarrow as pa

from candlewick.errors import NewerError, WarehouseBusyError, WarehouseCorruptError, WarehouseError
from candlewick.lake.names import parse
from candlewick.lake.objects import LakeSealed
from candlewick.mart.quoting import quoted
from candlewick.mart.views import STORAGE_VERSION
from candlewick.moments import from_micros, now_us
from candlewick.process.crashpoint import crashpoint
from candlewick.process.files import NO_SPACE, lock_beside
from candlewick.warehouse.duckdb.lines import Readable, as_json, is_text, lines_of, trades_of

FORMAT = 3
"""Of the tables of RAW; SILVER and GOLD follow the models, whose digest is noted in the file.

The second is noted where SILVER is read from sealed files, too, and the third where rows of GOLD are in the mart alone:
a version of an earlier format would miss them.
"""
FIRST_FORMAT = 1

_SCHEMA = """
create schema if not exists raw;
create table if not exists raw.binance_raw (
    payload json not null using compression zstd, object_name varchar not null, row_number bigint not null,
    loaded_at timestamp not null
);
create table if not exists raw.loaded_objects (
    object_name varchar not null, hour timestamp not null, recorder varchar not null, sequence_number bigint not null,
    line_count bigint not null, loaded_at timestamp not null
);
create table if not exists raw.sealed_days (
    symbol varchar not null, day date not null, file varchar not null, bytes bigint not null, sha256 varchar not null,
    trade_count bigint not null, price_places integer not null, quantity_places integer not null,
    first_trade_id bigint not null, last_trade_id bigint not null, loaded_at timestamp not null
);
create table if not exists raw.gold_in_mart (
    relation varchar not null, until timestamp not null, loaded_at timestamp not null, version bigint not null
);
create table if not exists raw.settings (name varchar primary key, value varchar not null);
"""

_SIGNS_OF_DAMAGE = (
    "corrupt",
    "not a valid duckdb",
    "checksum",
    "deserialize",
    "wal file",
    "could not read enough bytes",
)


class Contents(NamedTuple):
    """How many of what few loads have are in one, which is loaded at `moment`.

    The exchange's candles, notes of days, trades of sealed days as columns; `sealed` are days left in their files.
    """

    moment: datetime
    klines: int
    notes: int
    sealed_trades: int
    sealed: list[LakeSealed]


class Then(Protocol):
    """What is done with lines in the transaction that loads them."""

    def __call__(self, contents: Contents) -> None:
        """Do it; `contents` are those of the load."""


@contextmanager
def owned(path: Path) -> Iterator[None]:
    """Own the warehouse of a file: one process at a time, whether the file is there, damaged, or being made anew.

    DuckDB's own lock is on the file, which a rebuild replaces. Raises `WarehouseBusyError`.
    """
    try:
        descriptor = lock_beside(path)
    except BlockingIOError as holder:
        raise WarehouseBusyError(f"{path}: another process owns the warehouse ({holder}); stop it first") from None
    except OSError as error:
        raise WarehouseError(f"{path}: cannot be opened: {error}") from error
    try:
        yield
    finally:
        os.close(descriptor)


@dataclass
class Warehouse:
    """The open file. Use it from one thread. Objects whose names sort before `raw_from` have no rows in RAW."""

    path: Path
    connection: duckdb.DuckDBPyConnection
    _newest: datetime
    raw_from: str = ""

    @classmethod
    def open(cls, path: Path, *, memory_limit: str = "200MB", threads: int = 2) -> Self:
        """Open the file, or make it.

        Raises `WarehouseBusyError` where another process has it, `WarehouseCorruptError` where DuckDB cannot read it.
        """
        with errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
            # dbt opens the same file in this process and must find it opened with the same configuration: none.
            connection = duckdb.connect(str(path))
            try:
                connection.execute("set global memory_limit = ?", [memory_limit])
                connection.execute("set global threads = ?", [threads])
                connection.execute("set global temp_directory = ?", [str(path.with_suffix(".tmp"))])
                connection.execute(_SCHEMA)
                _check_format(path, connection)
                newest = connection.execute("select max(loaded_at) from raw.loaded_objects").fetchall()[0][0]
            except BaseException:
                connection.close()  # open, it would be taken for the file that comes into the place of this one
                raise
            return cls(path, connection, newest or from_micros(0))

    @property
    def loaded_at(self) -> datetime:
        """When the newest object was loaded (UTC); 1970 where none is."""
        return self._newest

    def load(
        self, objects: Sequence[Readable], *, parse: Callable[[Contents], None] | None = None, then: Then | None = None
    ) -> dict[str, str]:
        """Load objects: their rows, and that they are loaded, in one transaction. RAW gets no row of before `raw_from`.

        The caller makes sure that none is loaded already. An object with a line that is not JSON is not loaded at all:
        returns the names of those, with the reason. Trades that come without their lines get no rows in RAW. `parse` is
        called with all at hand, by kind, as `new_trade_lines`, `new_kline_lines`, `new_manifest_lines` and
        `new_sealed_trades`, and `then` in the transaction.
        """
        moment = max(from_micros(now_us()), self._newest + timedelta(microseconds=1))
        refused = {item.name: "a line is not text" for item in objects if not is_text(item)}
        try:
            self._load([item for item in objects if item.name not in refused], moment, parse, then)
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            # A line is not JSON; which one it is is looked up only now.
            refused |= self._not_json([item for item in objects if item.name not in refused], moment)
            self._load([item for item in objects if item.name not in refused], moment, parse, then)
        self._newest = moment
        return refused

    def _load(
        self,
        objects: Sequence[Readable],
        moment: datetime,
        parse: Callable[[Contents], None] | None,
        then: Then | None,
    ) -> None:
        lines = lines_of(objects, moment)
        others = {"objects": _loaded(objects, moment), "sealed_trades": trades_of(objects, moment)}
        contents = Contents(
            moment,
            klines=lines.kline_lines.num_rows,
            notes=sum(len(item.manifest.days) for item in objects),
            sealed_trades=others["sealed_trades"].num_rows,
            sealed=[item for item in objects if isinstance(item, LakeSealed)],
        )
        if parse is not None:  # it comes upon a line that is not JSON: no need to look at each once more
            lines = lines._replace(trade_lines=as_json(lines.trade_lines))
        # In one statement: row groups of a few lines between large ones have DuckDB write them all again, and again.
        rows_of_raw = " union all by name ".join(
            f"select * from new_{name}" for name, rows in lines._asdict().items() if rows.num_rows
        )
        with ExitStack() as tables:
            for name, rows in {**lines._asdict(), **others}.items():
                tables.enter_context(self._registered(f"new_{name}", rows))
            del lines, others, rows
            if parse is not None:
                parse(contents)
            with self.transaction():
                if rows_of_raw:
                    recent = f"select * from ({rows_of_raw}) where object_name >= ?"
                    self.connection.execute(f"insert into raw.binance_raw {recent}", [self.raw_from])
                crashpoint("mid-load")
                self.connection.execute("insert into raw.loaded_objects select * from new_objects")
                if then is not None:
                    self.connection.unregister("new_trade_lines")  # the largest by far, and not needed any more
                    then(contents)
                crashpoint("before commit")
        crashpoint("after commit")

    def loaded_in(self, hour: datetime) -> set[str]:
        """The names of the loaded objects of an hour's folder."""
        rows = self.connection.execute("select object_name from raw.loaded_objects where hour = ?", [hour]).fetchall()
        return {name for (name,) in rows}

    def is_loaded(self, name: str) -> bool:
        """Whether an object is loaded."""
        found = "select 1 from raw.loaded_objects where hour = ? and object_name = ? limit 1"
        return bool(self.connection.execute(found, [hour_of(name), name]).fetchall())

    def forget_rows(self) -> None:
        """Drop the rows of RAW whose objects sort before `raw_from`, which is: are older; the lake keeps them all."""
        self.connection.execute("delete from raw.binance_raw where object_name < ?", [self.raw_from])

    def setting(self, name: str) -> str | None:
        """Read what was noted with `note`."""
        rows = self.connection.execute("select value from raw.settings where name = ?", [name]).fetchall()
        return rows[0][0] if rows else None

    def note(self, name: str, value: str) -> None:
        """Keep a small fact about this warehouse in it."""
        self.connection.execute("insert or replace into raw.settings values (?, ?)", [name, value])

    def count(self, rows: str) -> int:
        """How many rows a table has; `rows` may go on with a condition."""
        return int(self.connection.execute(f"select count(*) from {rows}").fetchall()[0][0])

    def stored_columns(self, relation: str) -> set[str]:
        """The columns of a table that are not computed as they are read; none where there is no such table."""
        columns = (
            "select column_name from information_schema.columns"
            " where is_generated = 'NEVER' and table_schema = ? and table_name = ?"
        )
        schema, _, table = relation.partition(".")
        return {name for (name,) in self.connection.execute(columns, [schema, table]).fetchall()}

    def checkpoint(self) -> None:
        """Write everything into the file itself: no log beside it is needed then."""
        self.connection.execute("force checkpoint")

    def write_once_more(self, table: str, made_by: str, columns: str, step: str) -> None:
        """Make a table anew by a statement, with these columns of its rows, in a transaction that `step` can kill."""
        before, execute = f"{table}_before", self.connection.execute
        with self.transaction():
            execute(f"alter table {table} rename to {before.rpartition('.')[2]}")
            execute(made_by)
            execute(f"insert into {table} ({columns}) select {columns} from {before}")
            crashpoint(step)
            execute(f"drop table {before}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none."""
        self.connection.execute("begin")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")

    def close(self) -> None:
        """Write everything into the file and let go of it."""
        self.connection.close()

    @contextmanager
    def _registered(self, name: str, rows: pa.Table) -> Iterator[None]:
        self.connection.register(name, rows)
        try:
            yield
        finally:
            self.connection.unregister(name)

    def _not_json(self, objects: Sequence[Readable], moment: datetime) -> dict[str, str]:
        lines = lines_of(objects, moment)
        with self._registered("lines", pa.concat_tables(lines)):
            rows = self.connection.execute(
                "select object_name, min(row_number) from lines where not json_valid(payload) group by 1"
            ).fetchall()
        return {name: f"line {row} is not JSON" for name, row in rows}


def _check_format(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """See that no newer version has made the tables; a file that does not say is of the first."""
    found = connection.execute("select value from raw.settings where name = 'format'").fetchall()
    if found and int(found[0][0]) > FORMAT:
        raise NewerError(str(path), int(found[0][0]), FORMAT)
    if not found:
        connection.execute("insert into raw.settings values ('format', ?)", [str(FIRST_FORMAT)])


def _make(path: Path) -> None:
    """Make the file where there is none, as one that other tools can open: it stays of the version it was made of."""
    if path.exists():
        return
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(path)} as made (storage_version '{STORAGE_VERSION}')")


@contextmanager
def errors(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors about a file into one line that says what to do."""
    try:
        yield
    except duckdb.Error as error:
        raise explain(path, error) from error
    except OSError as error:
        raise WarehouseError(f"{path}: cannot be opened: {error}") from error


def explain(path: Path, error: Exception) -> WarehouseError:
    """Say in one line what an error of DuckDB's, or of a model that came upon one, means for the file."""
    reason = str(error).partition("\n")[0]
    if "Could not set lock" in reason:
        holder = reason.partition("(PID ")[2].partition(")")[0]
        return WarehouseBusyError(
            f"{path}: another process owns the warehouse" + (f" (pid {holder})" if holder else "") + "; stop it first"
        )
    if NO_SPACE in reason:
        return WarehouseError(f"{path}: no space is left on its disk; make room there")
    if not isinstance(error, WarehouseCorruptError) and any(sign in reason.lower() for sign in _SIGNS_OF_DAMAGE):
        return WarehouseCorruptError(
            f"{path}: the file is damaged; `candlewick rebuild` makes it again from the lake ({reason})"
        )
    return error if isinstance(error, WarehouseError) else WarehouseError(f"{path}: {reason}")


def hour_of(name: str) -> datetime:
    """The hour whose folder an object lies in (UTC)."""
    parsed = parse(name)
    assert parsed is not None
    return parsed.at.replace(minute=0, second=0, microsecond=0, tzinfo=None)


def _loaded(objects: Sequence[Readable], moment: datetime) -> pa.Table:
    return pa.table(
        {
            "object_name": pa.array([item.name for item in objects], pa.string()),
            "hour": pa.array([hour_of(item.name) for item in objects], pa.timestamp("us")),
            "recorder": pa.array([item.manifest.recorder for item in objects], pa.string()),
            "sequence_number": pa.array([item.manifest.seq for item in objects], pa.int64()),
            "line_count": pa.array([item.manifest.lines for item in objects], pa.int64()),
            "loaded_at": pa.repeat(pa.scalar(moment, pa.timestamp("us")), len(objects)),
        }
    )
