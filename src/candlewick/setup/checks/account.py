"""What Snowflake lets us do: every right and every assumption that no stand-in can show, tried on an account."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from candlewick.config import Settings
from candlewick.errors import CandlewickError
from candlewick.mart.version import CANDLES
from candlewick.process import heartbeat
from candlewick.setup.checks.answers import Check, Found
from candlewick.warehouse.snowflake import pipe as pipes
from candlewick.warehouse.snowflake import refused
from candlewick.warehouse.snowflake.connection import Connection
from candlewick.warehouse.snowflake.cycle import STREAM
from candlewick.warehouse.snowflake.sending import NOTES

_MANY_PARTITIONS = 8
"""In so many a day does not lie."""
_MAY_READ = frozenset({"USAGE", "SELECT", "MONITOR"})


def checks(settings: Settings, parts: ExitStack) -> list[Check]:
    """All that is asked of an account. Connections stay open in `parts`."""
    snowflake = settings.snowflake
    models = _Opened(settings, snowflake.transformer_role, snowflake.warehouse, parts)
    reader = _Opened(settings, snowflake.reader_role, snowflake.reader_warehouse, parts)
    loader = _Opened(settings, snowflake.loader_role, None, parts)
    checks: list[Check] = [
        ("the models' role logs in", models.logs_in),
        ("the reader's role logs in", reader.logs_in),
        ("the reader's role only reads", lambda: _only_reads(reader(), snowflake.reader_role)),
    ]
    used: Check = ("credits of the last day", lambda: _credits(models(), settings))
    if settings.publish:
        return [*checks, ("what DuckDB computed is there", lambda: _sent(models(), settings)), used]
    checks += [
        ("the loader's role logs in", loader.logs_in),
        ("the stream is not stale", lambda: _stream(models(), settings)),
    ]
    if settings.ingest == "files":
        checks.append(("the pipe loads", lambda: _pipe(models(), settings)))
    else:
        checks.append(("the channels' offsets", lambda: _channels(models(), settings)))
        checks.append(("no streamed row is refused", lambda: _refused(models(), settings)))
    return [
        *checks,
        ("a live view prunes", lambda: _pruning(reader())),
        ("a cycle", lambda: _cycle(settings)),
        used,
    ]


class _Opened:
    """A connection of a role, opened when it is first asked for."""

    def __init__(self, settings: Settings, role: str, warehouse: str | None, parts: ExitStack) -> None:
        self._open: Callable[[], Connection] = lambda: parts.enter_context(
            Connection.open(settings.snowflake, role, warehouse=warehouse)
        )
        self._connection: Connection | None = None

    def __call__(self) -> Connection:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    def logs_in(self) -> Found:
        started = time.monotonic()
        self().run("SELECT 1")
        return "ok", f"{self().login.role} in {time.monotonic() - started:.1f} s"


def _only_reads(connection: Connection, role: str) -> Found:
    more = {str(row["privilege"]) for row in connection.rows(f"SHOW GRANTS TO ROLE {role}")} - _MAY_READ
    return ("ok", "USAGE, SELECT and MONITOR") if not more else ("wrong", f"it may {', '.join(sorted(more))} as well")


def _stream(connection: Connection, settings: Settings) -> Found:
    database, (schema, name) = settings.snowflake.database, STREAM.split(".")
    rows = connection.rows(f"SHOW STREAMS LIKE '{name}' IN SCHEMA {database}.{schema}")
    if not rows:
        return "wrong", f"there is no {STREAM}: `candlewick setup snowflake`"
    if str(rows[0]["stale"]).lower() == "true":
        return "wrong", f"stale: DROP STREAM {database}.{STREAM}, and `candlewick setup snowflake`"
    return "ok", f"until {rows[0]['stale_after']} without a cycle"


def _sent(connection: Connection, settings: Settings) -> Found:
    rows = connection.run(f"select until from {settings.snowflake.database}.{NOTES} where name = ?", [CANDLES["1m"]])
    if not rows:
        return "wrong", "nothing was sent yet: `candlewick warehouse` does every publish_seconds"
    return "ok", f"minutes as they were computed until {rows[0][0]} UTC"


def _pipe(connection: Connection, settings: Settings) -> Found:
    ((text,),) = connection.run(f"SELECT SYSTEM$PIPE_STATUS('{pipes.name_of(settings.snowflake)}')")
    pipe = pipes.parse(settings.snowflake, text)
    if pipe.problem:
        return "wrong", pipe.problem
    heard = pipe.status.last_received_message_timestamp
    if heard is None:
        return "wrong", "it runs and has never heard of an object from S3: `candlewick setup snowflake --apply-aws`"
    ago = (datetime.now(UTC) - heard).total_seconds()
    return "ok", f"RUNNING; S3's last notification came {ago:.0f} s ago, {pipe.status.pending_file_count} objects wait"


def _channels(connection: Connection, settings: Settings) -> Found:
    rows = connection.rows(f"SHOW CHANNELS IN TABLE {settings.snowflake.database}.RAW.BINANCE_RAW")
    if not rows:
        return "wrong", "there is no channel: nothing was streamed yet (`candlewick warehouse`)"
    return "ok", "; ".join(f"{row['name']} at {row['offset_token']}" for row in rows)


def _refused(connection: Connection, settings: Settings) -> Found:
    found = refused.rows(connection, f"{settings.snowflake.database}.RAW.BINANCE_RAW")
    if found.problem:
        return "wrong", found.problem
    return ("wrong", f"{found.text()}: {'; '.join(found.told)}") if found.count else ("ok", "none within a day")


def _pruning(connection: Connection) -> Found:
    started = time.monotonic()
    connection.run("select count(*) from gold.trades_ohlc_5m_live where open_time >= dateadd('day', -1, sysdate())")
    took = time.monotonic() - started
    ((scanned, total),) = connection.run(
        "select sum(operator_statistics:pruning:partitions_scanned::int),"
        " sum(operator_statistics:pruning:partitions_total::int)"
        " from table(get_query_operator_stats(last_query_id())) where operator_type = 'TableScan'"
    )
    told = f"{scanned} of {total} partitions, {took:.1f} s"
    if int(total) >= _MANY_PARTITIONS and int(scanned) >= int(total):
        return (
            "wrong",
            f"all {told}: the views' bounds are old (does `candlewick warehouse` run?), or rows lie in no order",
        )
    return "ok", told


def _cycle(settings: Settings) -> Found:
    beat = heartbeat.read(settings.run_path, "warehouse")
    if beat is None or not heartbeat.is_alive(beat):
        return "unknown", "`candlewick warehouse` does not run here"
    seconds = sum(beat.get("cycle_ms", {}).values()) / 1e3
    every = settings.snowflake.cycle_seconds
    return "ok", f"{seconds:.1f} s for {beat.get('statements')} statements, every {every:g} s"


def _credits(connection: Connection, settings: Settings) -> Found:
    with _unless_refused() as refused:
        rows = connection.run(
            "select service_type, sum(credits_used) from snowflake.account_usage.metering_history"
            " where start_time >= dateadd('day', -1, current_timestamp()) group by 1 order by 2 desc"
        )
        told = ", ".join(f"{float(used):.2f} {service}" for service, used in rows) or "none told yet"
        return "ok", f"{told} (the whole account; METERING_HISTORY is some hours late)"
    role = settings.snowflake.transformer_role
    return "unknown", f"{refused[0]}; GRANT DATABASE ROLE SNOWFLAKE.USAGE_VIEWER TO ROLE {role} lets it ask"


@contextmanager
def _unless_refused() -> Iterator[list[str]]:
    refused: list[str] = []
    try:
        yield refused
    except CandlewickError as error:
        refused.append(str(error).partition(";")[0])
