"""Snowflake as near as it gets without an account: fakesnow's server, and a pipe of our own on it.

fakesnow executes databases, schemas, tables, file formats, stages and queries. It refuses warehouses, roles, grants,
integrations, pipes and DROP DATABASE: those statements are taken as done here (`nop_regexes`), and what Snowflake would
answer about an integration or a pipe is answered from what was asked to be made. A pipe's COPY is executed: its select
list runs over the lines of each object, with the metadata columns that Snowflake documents.
"""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import snowflake.connector.errors
import sqlglot
from backports import zstd
from fakesnow import server as serve_fakesnow  # the function: the module of its name hides it once imported
from fakesnow.cursor import FakeSnowflakeCursor
from fakesnow.instance import FakeSnow
from sqlglot import exp

from peers import snowflake_refusals
from peers.fakesnow_shims import crashes_as_refusals, rewritten, shimmed
from peers.snowflake_functions import Functions
from peers.snowflake_streams import Streams

fakesnow_server = import_module("fakesnow.server")

NOPS = [
    r"(CREATE|ALTER|DROP)\s+(WAREHOUSE|ROLE|STORAGE INTEGRATION|INTEGRATION|PIPE|STREAM|RESOURCE MONITOR)\b",
    r"GRANT\b",
    r"ALTER\s+STAGE\b",
    r"DROP\s+DATABASE\b",
    r"USE\s+SECONDARY\s+ROLES\b",
    r"ALTER\s+SESSION\b",
    r"ALTER\s+TABLE\s+\S+\s+SET\s+ERROR_LOGGING\b",
    r"\s*ALTER\s+TABLE\s+\S+\s+ALTER\s+\S+\s+COMMENT\b",
    r"REMOVE\s+@",
]
PASSWORD = "hunter2"
USER_ARN = "arn:aws:iam::999999999999:user/abcd-s"
EXTERNAL_ID = "CANDLEWICK_SFCRole=2_peer="
Objects = Callable[[], dict[str, bytes]]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:-4] + "Z"


class Peer:
    """What Snowflake would remember, and the pipe. `objects` returns the bytes of every object in the bucket by key."""

    def __init__(self, queue_arn: str = "arn:aws:sqs:eu-west-1:999999999999:sf-snowpipe-peer") -> None:
        self.queue_arn = queue_arn
        self.holds = FakeSnow(nop_regexes=NOPS)
        self.aws_lets_in: Callable[[], bool] = lambda: True
        self.objects: Objects = dict
        self.statements: list[str] = []
        self.pipe_state = "RUNNING"
        self.timestamps = "TIMESTAMP_NTZ"
        self.partitions = ("3", "10")
        self.available_roles = ["CANDLEWICK_READER", "PUBLIC"]
        self.functions = Functions(self._pipe_status)
        self.streams = Streams()
        self.refused: list[tuple[str, ...]] = []
        self._integrations: dict[str, str] = {}
        self._pipes: dict[str, str] = {}
        self._loaded: set[str] = set()
        self._staged_keys: set[str] = set()

    def answer(self, statement: str) -> str:
        """Take note of a statement, and return what fakesnow is to run in its place."""
        self.statements.append(statement)
        self.functions.note(statement)
        statement = self.streams.answered(self.functions.answered(rewritten(statement)))
        statement = snowflake_refusals.answered(statement, self.statements)
        if answered := self._staged(statement) or self._shown(statement):
            return answered
        plain = " ".join(statement.split())
        if plain == "SELECT CURRENT_AVAILABLE_ROLES()":
            return f"SELECT '{json.dumps(self.available_roles)}' AS ROLES"
        if match := re.match(r"CREATE STORAGE INTEGRATION IF NOT EXISTS (\w+)", plain):
            self._integrations.setdefault(match[1], plain)
        elif match := re.match(r"DESC INTEGRATION (\w+)", plain):
            return _integration_rows(match[1] in self._integrations)
        elif match := re.match(r"CREATE PIPE IF NOT EXISTS (\S+) .*? AS (COPY .*)", plain):
            self._refuse_a_role_that_does_not_trust()
            self._pipes.setdefault(match[1], statement[statement.index("COPY INTO") :])
        elif match := re.match(r"DROP PIPE IF EXISTS (\S+)", plain):
            self._pipes.pop(match[1], None)
        elif match := re.match(r"SELECT SYSTEM\$PIPE_FORCE_RESUME\('([^']+)'", plain):
            self.pipe_state = "RUNNING"
            return "SELECT 'done' AS ANSWER"
        elif match := re.match(r"SHOW PIPES LIKE '(\w+)' IN SCHEMA (\S+)", plain):
            return self._pipe_rows(f"{match[2]}.{match[1]}")
        elif match := re.match(r"ALTER PIPE (\S+) REFRESH", plain):
            self._refuse_a_role_that_does_not_trust()
            self.load(match[1], self.objects())
        return statement

    def refuse_rows(self, rows: list[dict[str, Any]], message: str, *, hours_ago: float = 0.0) -> None:
        """Let streamed rows not get into RAW."""
        snowflake_refusals.make(self.holds, rows, message, hours_ago=hours_ago)

    def load(self, pipe: str, objects: dict[str, bytes]) -> int:
        """Run the pipe's COPY over these objects, each once; return how many it loaded."""
        copy = sqlglot.parse_one(self._pipes[pipe], read="snowflake")
        new = {key: content for key, content in objects.items() if key not in self._loaded and _matches(copy, key)}
        for key, content in new.items():
            _copy(fakesnow_server.shared_fs.connect(copy.this.this.catalog, "RAW").cursor(), copy, key, content)
            self._loaded.add(key)
            self.functions.changed(copy.this.this.sql(dialect="snowflake"))
        return len(new)

    def _shown(self, statement: str) -> str | None:
        """What Snowflake shows of rights, streams, the last statement and the bill; None where nothing was asked."""
        if match := re.match(r"SHOW GRANTS TO ROLE (\w+)", statement):
            granted = [each for each in self.statements if each.startswith("GRANT") and each.endswith(match[1])]
            rights = {right.strip() for each in granted for right in each[6:].partition(" ON ")[0].split(",")}
            return _select(("privilege",), [(right,) for right in sorted(rights)])
        if match := re.match(r"SHOW STREAMS LIKE '(\w+)'", statement):
            names = [name for name in self.streams.tables if name.endswith(match[1])]
            return _select(("name", "stale", "stale_after"), [(name, "false", "2026-12-11") for name in names])
        if statement.startswith("show parameters like 'TIMESTAMP_TYPE_MAPPING'"):
            return _select(("key", "setting"), [("TIMESTAMP_TYPE_MAPPING", self.timestamps)])
        if "get_query_operator_stats(" in statement:
            return _select(("scanned", "total"), [self.partitions])
        if "metering_history" in statement:
            return _select(("service_type", "used"), [("WAREHOUSE_METERING", "1.25")])
        return None

    def _staged(self, statement: str) -> str | None:
        """What fakesnow is to run in the place of a statement about files; None where it is about none."""
        if statement == "begin":
            self._stage()
        if "information_schema.copy_history(" in statement:
            most = int(statement.rpartition(" limit ")[2])
            rows = [(*each, str(len(self.refused))) for each in self.refused[:most]]
            return _select(("file_name", "first_error_message", "all_of_them"), rows)
        if statement.startswith("COPY INTO") and "METADATA$FILENAME" in statement and " FILES = (" in statement:
            return self._copied(statement)
        return self._read_staged(statement) if "(FILE_FORMAT => " in statement else None

    def _copied(self, statement: str) -> str:
        """Load the files that a COPY names, each once, torn ones not at all, and answer as Snowflake does."""
        files = re.findall(r"'([^']+)'", statement.partition("FILES = (")[2].partition(")")[0])
        copy = sqlglot.parse_one(statement.partition(" FILES = (")[0], read="snowflake")
        rows = []
        for file in files:
            (key,) = [key for key in self.objects() if key.endswith(f"/raw/{file}")]
            cursor = fakesnow_server.shared_fs.connect(copy.this.this.catalog, "RAW").cursor()
            _copy(cursor, copy, key, self.objects()[key])
            rows.append((key, "LOADED"))
        self.functions.changed(copy.this.this.sql(dialect="snowflake"))
        return _select(("file", "status"), rows)

    def _stage(self) -> None:
        """Let a transaction that begins see the rows of the sealed files that are in the bucket."""
        new = [key for key in self.objects() if "/sealed/" in key and key not in self._staged_keys]
        if not new:
            return
        cursor = fakesnow_server.shared_fs.connect("CRYPTO_DB", "RAW").cursor()
        cursor.execute("create table if not exists CRYPTO_DB.RAW.PEER_STAGED (line varchar, number int, file varchar)")
        for key in (key for key in new if not key.endswith(".certificate.json")):
            lines = _rows_of(self.objects()[key], is_parquet=key.endswith(".parquet"))
            rows = {
                "line": lines,
                "number": range(1, len(lines) + 1),
                "file": [key.partition("/sealed/")[2]] * len(lines),
            }
            cursor._duck_conn.register("peer_staged", pa.table(rows))
            cursor._duck_conn.execute("insert into CRYPTO_DB.RAW.PEER_STAGED from peer_staged")
        self._staged_keys |= set(new)

    def _read_staged(self, statement: str) -> str:
        """Read a staged file's rows, with what a query of a stage calls them."""
        rows = r"(select parse_json(line) as c1, number from CRYPTO_DB.RAW.PEER_STAGED where file = '\1') as staged"
        statement = re.sub(r"@[^/\s]+/(\S+) \(FILE_FORMAT => '[^']+'\)", rows, statement)
        return statement.replace("$1", "c1").replace("METADATA$FILE_ROW_NUMBER", "number")

    def _pipe_status(self, name: str) -> dict[str, Any] | None:
        if name not in self._pipes:
            return None
        pending = sorted(self.objects().keys() - self._loaded)
        oldest = {"oldestPendingFilePath": pending[0], "oldestFileTimestamp": _now()} if pending else {}
        ingested = {"lastIngestedTimestamp": _now(), "lastIngestedFilePath": max(self._loaded)} if self._loaded else {}
        status = {"executionState": self.pipe_state, "pendingFileCount": len(pending)}
        return status | oldest | ingested | {"notificationChannelName": self.queue_arn}

    def _refuse_a_role_that_does_not_trust(self) -> None:
        if not self.aws_lets_in():
            raise snowflake.connector.errors.ProgrammingError(
                msg="SQL execution error: Error assuming AWS_ROLE. Please verify the role and externalId are "
                "configured correctly in your AWS policy.",
                errno=3167,
                sqlstate="42601",
            )

    def _pipe_rows(self, name: str) -> str:
        rows = [(name.rpartition(".")[2], self._pipes[name], self.queue_arn)] if name in self._pipes else []
        return _select(("name", "definition", "notification_channel"), rows)


def write_connection(home: Path, port: int, name: str = "peer", **more: str) -> None:
    """Write connections.toml as a user would."""
    values = {"account": "fakesnow", "user": "fake", "password": PASSWORD, "host": "127.0.0.1", "protocol": "http"}
    lines = [f"[{name}]", f"port = {port}", *(f'{key} = "{value}"' for key, value in (values | more).items())]
    home.mkdir(exist_ok=True)
    file = home / "connections.toml"
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o600)


class Host:
    """A served fakesnow, and the peer that it is now: a new one is a new account, empty."""

    def __init__(self) -> None:
        self.port = 0
        self.peer = self.new_peer()

    def new_peer(self) -> Peer:
        """Be another account."""
        self.be(Peer())
        return self.peer

    def be(self, peer: "Peer") -> None:
        """Be an account that there was before, with all that is in it."""
        fakesnow_server.shared_fs, self.peer = peer.holds, peer


_served: list[Host] = []


@contextmanager
def snowflake_host() -> Iterator[Host]:
    """Serve on a free port of this host until the block ends.

    Within another such block it is another account on the same server: a process can bend one fakesnow only.
    """
    if _served:
        _served[0].new_peer()
        yield _served[0]
        return
    with _serving() as host:
        _served.append(host)
        try:
            yield host
        finally:
            _served.clear()


@contextmanager
def _serving() -> Iterator[Host]:
    for name in ("fakesnow.server", "uvicorn", "uvicorn.access", "uvicorn.error", "sqlglot"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    execute, shared = FakeSnowflakeCursor.execute, fakesnow_server.shared_fs
    host = Host()

    def answered(self: FakeSnowflakeCursor, command: str, *arguments: Any, **more: Any) -> FakeSnowflakeCursor:
        if not more.get("server"):
            return execute(self, command, *arguments, **more)
        statement = host.peer.answer(command)
        with crashes_as_refusals(statement):
            return execute(self, statement, *arguments, **more)

    FakeSnowflakeCursor.execute = answered  # type: ignore[method-assign]
    try:
        with shimmed(), serve_fakesnow() as parameters:
            host.port = parameters["port"]
            yield host
    finally:
        FakeSnowflakeCursor.execute = execute  # type: ignore[method-assign]
        fakesnow_server.shared_fs = shared


def _integration_rows(is_there: bool) -> str:
    rows = [("STORAGE_AWS_IAM_USER_ARN", USER_ARN), ("STORAGE_AWS_EXTERNAL_ID", EXTERNAL_ID)]
    return _select(("property", "property_value"), rows if is_there else [])


def _select(names: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a query whose answer is these rows."""
    selects = [
        "SELECT " + ", ".join(f"{exp.Literal.string(value)} AS {name}" for name, value in zip(names, row, strict=True))
        for row in rows or [("",) * len(names)]
    ]
    return " UNION ALL ".join(selects) + ("" if rows else " WHERE FALSE")


def _matches(copy: exp.Expression, key: str) -> bool:
    patterns = [p.expression.name for p in copy.args.get("params", []) if p.this.name.upper() == "PATTERN"]
    return all(re.fullmatch(pattern, key) for pattern in patterns)


def _copy(cursor: FakeSnowflakeCursor, copy: exp.Expression, key: str, content: bytes) -> None:
    """Insert an object's lines as the COPY's select list says."""
    lines = _rows_of(content, is_parquet=False)
    columns = ", ".join(column.name for column in copy.this.expressions)
    values = {
        "$1": "PARSE_JSON(line)",
        "METADATA$FILENAME": f"'{key}'",
        "METADATA$FILE_ROW_NUMBER": "number",
        "METADATA$START_SCAN_TIME": f"'{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}'::TIMESTAMP_NTZ",
    }
    select = copy.args["files"][0].this
    expressions = ", ".join(item.sql(dialect="snowflake") for item in select.expressions)
    expressions = re.sub(r"CONVERT_TIMEZONE\('UTC', (METADATA\$START_SCAN_TIME)\)", r"\1", expressions)
    for name in sorted(values, key=len, reverse=True):
        expressions = expressions.replace(name, values[name])
    numbered = pa.table({"line": lines, "number": range(1, len(lines) + 1)})
    cursor._duck_conn.register("peer_numbered", numbered)
    cursor._duck_conn.execute("CREATE OR REPLACE TEMP TABLE peer_lines AS FROM peer_numbered")
    table = copy.this.this.sql(dialect="snowflake")
    cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {expressions} FROM temp.main.peer_lines")


def _rows_of(content: bytes, *, is_parquet: bool) -> list[str]:
    """A file's rows as JSON: of Parquet by its logical types, decimals with all of their digits."""
    if not is_parquet:
        return zstd.decompress(content).decode().splitlines()
    return [json.dumps(row, default=str) for row in pq.read_table(io.BytesIO(content)).to_pylist()]
