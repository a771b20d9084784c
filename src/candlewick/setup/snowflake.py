"""Snowflake's side: run the script, and carry what Snowflake and AWS must know of each other between them.

Neither can be made whole without the other: the integration names AWS's role, the role trusts the user and external id
that the integration then has, and the bucket notifies the queue that the pipe then has. So the script stops after the
integration and after the pipe, and the wires are handed over.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import stamina

from candlewick.config import Settings
from candlewick.errors import SetupError, WarehouseError
from candlewick.setup.sql import Section, copy_statement, render, sections
from candlewick.warehouse.snowflake import pipe as pipes
from candlewick.warehouse.snowflake.connection import Connection

Report = Callable[[str], None]
Wire = Callable[[dict[str, str]], bool]
"""Takes what the stack must know, by the names of its parameters, and says whether AWS has been told."""

_REACH, _OVERLAP = timedelta(days=6, hours=23), timedelta(hours=1)
"""How far REFRESH is to reach back, and how much of what a pipe has loaded the next looks at.

It may be seven days when the statement runs (Snowflake, "ALTER PIPE"), which is some time after this is asked.
"""
_ASSUMES = ("assuming AWS_ROLE", "AssumeRole", "assume role")


class Identity(NamedTuple):
    """Who of Snowflake's reads the bucket: what the AWS role must trust."""

    user_arn: str
    external_id: str

    @property
    def wires(self) -> dict[str, str]:
        """As parameters of the stack."""
        return {"SnowflakeUserArn": self.user_arn, "SnowflakeExternalId": self.external_id}


class Pipe(NamedTuple):
    """The pipe as Snowflake has it: the queue that it listens to, and the COPY that it runs."""

    queue_arn: str
    definition: str

    @property
    def wires(self) -> dict[str, str]:
        """As parameters of the stack."""
        return {"PipeQueueArn": self.queue_arn}


def set_up(
    connection: Connection,
    settings: Settings,
    storage_role_arn: str,
    report: Report,
    wire: Wire,
    *,
    renews_pipe: bool = False,
) -> None:
    """Run the script, section by section; `wire` is called as soon as there is something to hand over.

    With `renews_pipe`, a pipe that is there is dropped first, and the new one is told to look at what the old one may
    not have loaded. Raises `WarehouseError` where Snowflake refuses a statement, `SetupError` where AWS's role does not
    trust it yet, or where a pipe has stopped.
    """
    told, since = False, None
    _tell_of_monitor(settings, report)
    for section in sections(render("setup", settings, storage_role_arn)):
        if section.title == "Pipe" and renews_pipe:
            since = _drop_pipe(connection, settings, report)
        _run(connection, _since(section, since), report, patient=told)
        if section.title == "Storage integration":
            told = wire(identity(connection, settings).wires)
        if section.title == "Pipe":
            found = pipe(connection, settings)
            _check_definition(found, settings, report)
            _resume(connection, settings, report)
            wire(found.wires)


def tear_down(connection: Connection, settings: Settings, report: Report) -> None:
    """Remove everything that `set_up` made, with every row. Raises `WarehouseError`."""
    for section in sections(render("teardown", settings, "")):
        _run(connection, section, report)


def identity(connection: Connection, settings: Settings) -> Identity:
    """Ask the integration for its user and external id. Raises `WarehouseError`."""
    rows = connection.rows(f"DESC INTEGRATION {settings.snowflake.storage_integration}")
    properties = {row["property"]: row["property_value"] for row in rows}
    return Identity(properties["STORAGE_AWS_IAM_USER_ARN"], properties["STORAGE_AWS_EXTERNAL_ID"])


def pipe(connection: Connection, settings: Settings) -> Pipe:
    """Ask for the pipe's queue and definition. Raises `WarehouseError`."""
    snowflake = settings.snowflake
    rows = connection.rows(f"SHOW PIPES LIKE '{snowflake.pipe}' IN SCHEMA {snowflake.database}.RAW")
    if not rows:
        raise WarehouseError(f"there is no pipe {snowflake.database}.RAW.{snowflake.pipe}; run this again")
    return Pipe(rows[0]["notification_channel"], rows[0]["definition"])


def _run(connection: Connection, section: Section, report: Report, *, patient: bool = False) -> None:
    report(f"{section.title}: {len(section.statements)} statements")
    for statement in section.statements:
        try:
            for attempt in stamina.retry_context(on=_is_not_trusted_yet, attempts=6 if patient else 1, timeout=90):
                with attempt:
                    connection.run(statement)
        except WarehouseError as error:
            if not _is_not_trusted_yet(error):
                raise
            raise SetupError(
                "AWS's role does not let Snowflake in yet; hand over the two values above "
                "(`candlewick setup aws --snowflake-user-arn … --snowflake-external-id …`) and run this again"
            ) from error


def _is_not_trusted_yet(error: Exception) -> bool:
    """AWS takes some seconds until a role's new trust holds everywhere."""
    return isinstance(error, WarehouseError) and any(text in str(error) for text in _ASSUMES)


def _check_definition(found: Pipe, settings: Settings, report: Report) -> None:
    def plain(text: str) -> list[str]:
        return text.upper().split()

    if plain(found.definition) != plain(copy_statement(settings)):
        report(
            "The pipe's COPY is not the one of these settings; `candlewick setup snowflake --renew-pipe` makes it "
            "anew. What is then loaded a second time, SILVER drops."
        )


def _resume(connection: Connection, settings: Settings, report: Report) -> None:
    """Let a pipe that was paused load again, after two weeks too. Raises `SetupError` where only a new one can."""
    name = pipes.name_of(settings.snowflake)
    ((text,),) = connection.run(f"SELECT SYSTEM$PIPE_STATUS('{name}')")
    state = pipes.parse(settings.snowflake, text).status.execution_state
    if state == "PAUSED":
        report(f"The pipe was paused; it goes on. What was not loaded in time, `candlewick load` does ({name})")
        connection.run(f"SELECT SYSTEM$PIPE_FORCE_RESUME('{name}', 'staleness_check_override')")
    elif state.startswith("STOPPED"):
        raise SetupError(
            f"the pipe {name} is {state}, and loads nothing: its stage or table is no longer what it was made for; "
            "make it anew: candlewick setup snowflake --renew-pipe"
        )


def _drop_pipe(connection: Connection, settings: Settings, report: Report) -> datetime | None:
    """Drop the pipe, and return since when its successor has to look: an hour before what it loaded last."""
    if not connection.rows(f"SHOW PIPES LIKE '{settings.snowflake.pipe}' IN SCHEMA {settings.snowflake.database}.RAW"):
        return None
    name = pipes.name_of(settings.snowflake)
    ((text,),) = connection.run(f"SELECT SYSTEM$PIPE_STATUS('{name}')")
    loaded = pipes.parse(settings.snowflake, text).status.last_ingested_timestamp
    earliest = datetime.now(UTC) - _REACH
    since = max(loaded - _OVERLAP, earliest) if loaded is not None else earliest
    report(f"The pipe is made anew, and looks at objects since {since:%Y-%m-%d %H:%M} UTC; older ones: candlewick load")
    connection.run(f"DROP PIPE IF EXISTS {name}")
    return since


def _since(section: Section, since: datetime | None) -> Section:
    """ALTER PIPE … REFRESH reaches back seven days; a new pipe would load them all a second time."""
    if since is None or section.title != "Catching up":
        return section
    wanted = f"REFRESH MODIFIED_AFTER = '{since:%Y-%m-%dT%H:%M:%S}+00:00'"
    return Section(section.title, tuple(each.replace("REFRESH", wanted) for each in section.statements))


def _tell_of_monitor(settings: Settings, report: Report) -> None:
    snowflake = settings.snowflake
    if snowflake.monthly_credits and snowflake.admin_role != "ACCOUNTADMIN":
        report(
            f"No resource monitor: only ACCOUNTADMIN may make one, and admin_role is {snowflake.admin_role}. Let an "
            "ACCOUNTADMIN bound what the warehouses may cost, or set monthly_credits = 0"
        )
