"""Snowflake's side: run the script, and carry what Snowflake and AWS must know of each other between them.

Neither can be made whole without the other: the integration names AWS's role, the role trusts the user and external id
that the integration then has, and the bucket notifies the queue that the pipe then has. So the script stops after the
integration and after the pipe, and the wires are handed over.
"""

from collections.abc import Callable
from typing import NamedTuple

import stamina

from candlewick.config import Settings
from candlewick.errors import SetupError, WarehouseError
from candlewick.setup.sql import Section, copy_statement, render, sections
from candlewick.warehouse.snowflake.connection import Connection

Report = Callable[[str], None]
Wire = Callable[[dict[str, str]], bool]
"""Takes what the stack must know, by the names of its parameters, and says whether AWS has been told."""

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


def set_up(connection: Connection, settings: Settings, storage_role_arn: str, report: Report, wire: Wire) -> None:
    """Run the script, section by section; `wire` is called as soon as there is something to hand over.

    Raises `WarehouseError` where Snowflake refuses a statement, `SetupError` where AWS's role does not trust it yet.
    """
    told = False
    for section in sections(render("setup", settings, storage_role_arn)):
        _run(connection, section, report, patient=told)
        if section.title == "Storage integration":
            told = wire(identity(connection, settings).wires)
        if section.title == "Pipe":
            found = pipe(connection, settings)
            _check_definition(found, settings, report)
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
            "The pipe's COPY is not the one of these settings. To change it: DROP PIPE "
            f"{settings.snowflake.database}.RAW.{settings.snowflake.pipe}, and run this again; "
            "the new pipe forgets what was loaded, and SILVER drops what comes twice."
        )
