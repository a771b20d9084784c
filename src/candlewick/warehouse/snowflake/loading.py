"""`candlewick load`: the history into Snowflake, a day at a time, from sealed files where there are some.

A sealed day is one Parquet file of typed trades: it goes into SILVER in the transaction that makes its candles, with
the exchange's own candles from the day's evidence. What is not sealed is loaded from its small objects by COPY, a
thousand a statement, and the next cycle takes it. Both leave out what is there: a load that was stopped goes on where
it was.

Sources: Snowflake, "COPY INTO <table>" (FILES: 1,000 at most; LOAD_UNCERTAIN_FILES for files older than the load's
metadata, which is kept for 64 days), "Querying data in staged files", "CREATE FILE FORMAT" (USE_LOGICAL_TYPE).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Self

import msgspec
import structlog

from candlewick.config import Settings
from candlewick.errors import TornObjectError, WarehouseError
from candlewick.lake import names
from candlewick.lake.objects import Lake
from candlewick.lake.sealed.certified import canonical
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.cycle import TAKEN
from candlewick.warehouse.snowflake.owner import Owner
from candlewick.warehouse.snowflake.session import Session

FILES_A_COPY = 1_000
SEALED_STAGE, SEALED_FORMAT = "RAW.BINANCE_SEALED", "RAW.BINANCE_PARQUET"
_CERTIFICATE = re.compile(r".*/(?P<symbol>[^/]+)-(?P<day>\d{4}-\d{2}-\d{2})\.certificate\.json")
_SLACK = timedelta(minutes=10)
"""How far the times of two copies of a trade may lie apart, as in the models."""

log = structlog.get_logger()


class Vouched(msgspec.Struct):
    """A file that a certificate names."""

    name: str


class Certificate(msgspec.Struct):
    """What a load needs of a sealed day's certificate."""

    symbol: str
    day: date
    first_id: int
    last_id: int
    count: int
    sealed_at: int
    recorder: str
    file: Vouched
    evidence: Vouched
    declared: list[dict[str, Any]]
    digest: str = ""

    @classmethod
    def decode(cls, content: bytes, name: str) -> Self:
        """Read a certificate's file. Raises `TornObjectError`."""
        try:
            body = msgspec.json.decode(content, type=dict[str, Any])
            body.pop("signature", None)
            return msgspec.convert(body | {"digest": sha256(canonical(body)).hexdigest()}, cls)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise TornObjectError(f"{name}: not a certificate: {error}") from None

    def manifest(self) -> bytes:
        """The sealed file as an object: which ids are in it, and which the exchange declared not to exist."""
        extent = {"first": self.first_id, "last": self.last_id, "count": self.count}
        span = {**extent, "ranges": [[self.first_id, self.last_id]]}
        declared = [[each["first"], each["last"]] for each in self.declared]
        sealed = {"symbol": self.symbol, "day": self.day, "state": "sealed", "why": "", "file": self.file.name}
        declared_count = sum(last - first + 1 for first, last in declared)
        counts = {"first_id": self.first_id, "last_id": self.last_id, "count": self.count, "declared": declared_count}
        return msgspec.json.encode(
            {
                "e": "manifest",
                "recorder": self.recorder,
                "seq": 0,
                "created": self.sealed_at,
                "klines": {self.symbol: 1},
                "spans": {self.symbol: span},
                "covered": {},
                "declared": {self.symbol: declared} if declared else {},
                "days": [{**sealed, **counts, "digest": self.digest}],
            }
        )


@dataclass(frozen=True)
class Plan:
    """Sealed days by the names of their certificates, and the days of which small objects are to be looked at."""

    sealed: Sequence[str]
    days: Sequence[str]

    @property
    def size(self) -> int:
        """How many days there are to do."""
        return len(self.sealed) + len(self.days)

    def __str__(self) -> str:
        return f"{len(self.sealed)} sealed days, and {len(self.days)} days of small objects to look through"


@dataclass
class Load:
    """Loads into an account whose models `owner` runs. `trades` and `objects` count what was loaded."""

    settings: Settings
    lake: Lake
    owner: Owner
    copies: Session
    trades: int = 0
    objects: int = 0
    refused: list[str] = field(default_factory=list)

    def plan(self, since: date | None) -> Plan:
        """List what there is and is not loaded, without looking into a day's folders. Raises `LakeError`."""
        asked = "select object_name from silver.object_manifests where contains(object_name, '/sealed/')"
        known = {str(name) for (name,) in self.owner.run(lambda connection: connection.run(asked))}
        days = [day for day in self._sealed() if since is None or _day(day) >= since]
        symbols = {match["symbol"] for day in days if (match := _CERTIFICATE.fullmatch(day))}
        wanted = set(self.settings.symbols) | symbols
        by_day = {day: {each for each in days if _day(each) == day} for day in map(_day, days)}
        folders = sorted(self.lake.subfolders(f"{self.lake.prefix}/raw"))
        raw = [
            folder
            for folder in folders
            if (since is None or folder.rpartition("/")[2] >= since.isoformat())
            and len(by_day.get(date.fromisoformat(folder.rpartition("/")[2]), ())) < len(wanted)
        ]
        return Plan([day for day in days if self._key(_file_of(day)) not in known], raw)

    def run(self, plan: Plan, progress: Callable[[int, int], None]) -> None:
        """Load what is planned, oldest first. Raises `LakeError` and `WarehouseError`; what is done is done."""
        for number, name in enumerate(plan.sealed, start=1):
            self._load_sealed(self._certificate(name))
            progress(number, plan.size)
        for number, folder in enumerate(plan.days, start=len(plan.sealed) + 1):
            self._load_objects(folder)
            progress(number, plan.size)
        if self.trades or self.objects:
            self.owner.cycle(with_audit=True)

    def _load_sealed(self, certificate: Certificate) -> None:
        def put(connection: Connection, moment: datetime) -> int:
            self._put_evidence(connection, certificate, moment)
            return self._put_trades(connection, certificate, moment)

        self.trades += self.owner.put(put)

    def _put_evidence(self, connection: Connection, certificate: Certificate, moment: datetime) -> None:
        """Put the exchange's candles of the day, and what is in its file, among the lines of this cycle."""
        taken, key = f"{self._database}.{TAKEN}", self._key(certificate.file.name)
        file = self._staged(certificate.evidence.name, f"RAW.{self.settings.snowflake.file_format}")
        columns = "(PAYLOAD, OBJECT_NAME, ROW_NUMBER, LOADED_AT)"
        connection.run(
            f"insert into {taken} {columns} select $1, ?, METADATA$FILE_ROW_NUMBER, timestamp '{moment}' from {file}"
            " where $1:e::varchar = 'kline'",
            [key],
        )
        connection.run(
            f"insert into {taken} {columns} select parse_json(?), ?, 0, timestamp '{moment}'",
            [certificate.manifest().decode(), key],
        )

    def _put_trades(self, connection: Connection, certificate: Certificate, moment: datetime) -> int:
        """Put the trades of a sealed file that are not there; how many there were.

        Prices and quantities are the file's decimals, by their digits. Raises `TornObjectError` for a file that has
        not the trades that were certified.
        """
        file, day = self._staged(certificate.file.name, SEALED_FORMAT), datetime.fromisoformat(str(certificate.day))
        ((count, first, last),) = connection.run(
            f"select count(*), min($1:trade_id::bigint), max($1:trade_id::bigint) from {file}"
        )
        if (count, first, last) != (certificate.count, certificate.first_id, certificate.last_id):
            raise TornObjectError(
                f"{certificate.file.name}: expected {certificate.count} trades {certificate.first_id}.."
                f"{certificate.last_id} as certified, Snowflake read {count}, {first}..{last}; nothing of it was loaded"
            )
        opens, closes = day - _SLACK, day + timedelta(days=1) + _SLACK
        held = (
            "select 1 from silver.trades_deduped as held where held.symbol = sealed.symbol"
            f" and held.trade_id = sealed.trade_id and held.traded_at >= timestamp '{opens}'"
            f" and held.traded_at < timestamp '{closes}'"
        )
        values = ", ".join(_TRADE.values()).replace("$moment", f"timestamp '{moment}'")
        ((inserted, *_),) = connection.run(
            f"insert into silver.trades_deduped ({', '.join(_TRADE)}) select {values}"
            f" from (select {_READ} from {file}) as sealed where not exists ({held})"
        )
        return int(inserted)

    def _load_objects(self, folder: str) -> None:
        """Load what of a day's objects no cycle has taken, and let a cycle take it."""
        for hour in sorted(self.lake.subfolders(folder)):
            listed = [name for name in self.lake.list_folder(hour) if names.parse(name) is not None]
            known = self._known(hour)
            new = [name for name in listed if self._key(name) not in known]
            for start in range(0, len(new), FILES_A_COPY):
                self._copy(new[start : start + FILES_A_COPY])
            if new:
                self.owner.cycle()

    def _known(self, hour: str) -> set[str]:
        asked = "select object_name from silver.object_manifests where startswith(object_name, ?)"
        rows = self.owner.run(lambda connection: connection.run(asked, [f"{self._key(hour)}/"]))
        return {str(name) for (name,) in rows}

    def _copy(self, objects: Sequence[str]) -> None:
        statement = copy_of(self.settings, [name.removeprefix(f"{self.lake.prefix}/raw/") for name in objects])
        for row in self.copies(lambda connection: connection.rows(statement)):
            if row.get("status") == "LOADED":
                self.objects += 1
            elif row.get("file"):
                self.refused.append(f"{row['file']}: {row.get('first_error') or row['status']}")

    def _certificate(self, name: str) -> Certificate:
        return Certificate.decode(self.lake.get(name), name)

    def _sealed(self) -> Iterator[str]:
        for symbol in sorted(self.lake.subfolders(f"{self.lake.prefix}/sealed")):
            for year in sorted(self.lake.subfolders(symbol)):
                yield from (name for name in self.lake.list_folder(year) if _CERTIFICATE.fullmatch(name))

    def _staged(self, name: str, file_format: str) -> str:
        path = name.removeprefix(f"{self.lake.prefix}/sealed/")
        return f"@{self._database}.{SEALED_STAGE}/{path} (FILE_FORMAT => '{self._database}.{file_format}')"

    def _key(self, name: str) -> str:
        """A name as Snowflake tells it: by its bucket's root."""
        _, _, place = self.lake.url.partition("s3://")
        path = place.partition("/")[2].strip("/")
        return f"{path}/{name}" if path else name

    @property
    def _database(self) -> str:
        return self.settings.snowflake.database


def copy_of(settings: Settings, files: Sequence[str]) -> str:
    """Return the COPY that loads so many objects, by their paths below the stage; a torn one is skipped whole."""
    snowflake = settings.snowflake
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in files)
    return (
        f"COPY INTO {snowflake.database}.RAW.BINANCE_RAW (PAYLOAD, OBJECT_NAME, ROW_NUMBER, LOADED_AT) FROM ("
        "SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, "
        "CONVERT_TIMEZONE('UTC', METADATA$START_SCAN_TIME)::TIMESTAMP_NTZ "
        f"FROM @{snowflake.database}.RAW.{snowflake.stage}) FILES = ({quoted}) "
        f"FILE_FORMAT = (FORMAT_NAME = '{snowflake.database}.RAW.{snowflake.file_format}') "
        "ON_ERROR = SKIP_FILE LOAD_UNCERTAIN_FILES = TRUE"
    )


def _day(certificate: str) -> date:
    match = _CERTIFICATE.fullmatch(certificate)
    if match is None:
        raise WarehouseError(f"expected the name of a certificate, got {certificate!r}")
    return date.fromisoformat(match["day"])


def _file_of(certificate: str) -> str:
    """The sealed file's usual name; one of another name is loaded again, and changes nothing."""
    return certificate.removesuffix("certificate.json") + "parquet"


_READ = ", ".join(
    (
        "$1:symbol::varchar as symbol",
        "$1:trade_id::bigint as trade_id",
        "to_decimal($1:price::varchar, 38, 8) as price",
        "to_decimal($1:quantity::varchar, 38, 8) as quantity",
        "$1:is_buyer_maker::boolean as is_buyer_maker",
        "$1:traded_at::timestamp_ntz as traded_at",
        "$1:received_at::timestamp_ntz as received_at",
        "$1:source::varchar as source",
    )
)
_UNITS = "cast(price * 100000000 as number(37, 0)) * cast(quantity * 100000000 as number(37, 0))"
_TRADE = {
    "business_key": "symbol || '-' || trade_id",
    "symbol": "symbol",
    "trade_id": "trade_id",
    "price": "price",
    "quantity": "quantity",
    # The exact product, cut after eight places: as `quote_of` of the models says it.
    "quote_quantity": f"cast(({_UNITS} - mod({_UNITS}, 100000000)) * 0.0000000000000001 as decimal(38, 8))",
    "is_buyer_maker": "is_buyer_maker",
    "traded_at": "traded_at",
    "traded_at_ist": "convert_timezone('UTC', 'Asia/Kolkata', traded_at)",
    "received_at": "received_at",
    "loaded_at": "$moment",
    "source": "source",
}
