"""Pure: the SQL that sets up Snowflake, rendered from the settings.

`setup.sql` and `teardown.sql` beside this module are the templates: `{{ name }}` is a checked identifier or a quoted
text, `-- == Title` starts a section, and a `;` at a line's end closes a statement.
"""

import re
from importlib import resources
from typing import Literal, NamedTuple

from candlewick.config import Settings
from candlewick.setup.location import Location

Script = Literal["setup", "teardown"]

PIPE_SECTIONS = frozenset({"Pipe", "Catching up"})
"""The sections that only Snowpipe's way in needs: `ingest = "files"`."""
STREAMING_SECTIONS = frozenset({"No pipe beside streaming"})
MONITOR_SECTIONS = frozenset({"Resource monitor"})
SENT_SECTIONS = frozenset({"What DuckDB sends"})
LOADED_SECTIONS = frozenset({"Storage integration", "Raw table, file format and stage", "What the models take"})
"""The sections that lines need which are loaded there; none of `publish = "snowflake"`."""

_PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
_COPY = """\
COPY INTO {database}.RAW.BINANCE_RAW (PAYLOAD, OBJECT_NAME, ROW_NUMBER, LOADED_AT)
FROM (
  SELECT
    $1,
    METADATA$FILENAME,
    METADATA$FILE_ROW_NUMBER,
    CONVERT_TIMEZONE('UTC', METADATA$START_SCAN_TIME)::TIMESTAMP_NTZ
  FROM @{database}.RAW.{stage}
)
FILE_FORMAT = (FORMAT_NAME = '{database}.RAW.{file_format}')
PATTERN = '.*[.]json[.]zst'"""


class Section(NamedTuple):
    """Statements under one title, in order, without their semicolons."""

    title: str
    statements: tuple[str, ...]


def render(script: Script, settings: Settings, storage_role_arn: str) -> str:
    """Return a script for these settings. Raises `ConfigError` where Snowflake loads a lake that is not in S3."""
    values = _values(settings, storage_role_arn)
    template = (resources.files("candlewick.setup") / f"{script}.sql").read_text(encoding="utf-8")
    text = _PLACEHOLDER.sub(lambda match: values[match[1]], template)
    left_out = SENT_SECTIONS | (PIPE_SECTIONS if settings.ingest == "streaming" else STREAMING_SECTIONS)
    if settings.publish:
        left_out = LOADED_SECTIONS | PIPE_SECTIONS | STREAMING_SECTIONS
    if not (settings.snowflake.monthly_credits and settings.snowflake.admin_role == "ACCOUNTADMIN"):
        left_out = left_out | MONITOR_SECTIONS
        text = re.sub(r"(?m)^DROP RESOURCE MONITOR .*\n", "", text)
    head, *parts = re.split(r"(?m)^(?=-- == )", text)
    return head + "".join(part for part in parts if _title(part) not in left_out)


def sections(text: str) -> list[Section]:
    """Split a rendered script."""
    _, *parts = re.split(r"(?m)^(?=-- == )", text)
    return [Section(_title(part), _statements(part)) for part in parts]


def copy_statement(settings: Settings) -> str:
    """Return the COPY that the pipe runs for each object."""
    snowflake = settings.snowflake
    return _COPY.format(database=snowflake.database, stage=snowflake.stage, file_format=snowflake.file_format)


def _values(settings: Settings, storage_role_arn: str) -> dict[str, str]:
    place = Location("", "") if settings.publish else Location.of(settings)
    names = settings.snowflake.model_dump(exclude={"storage_role_arn"})
    texts = {"storage_role_arn": storage_role_arn, "raw_url": place.raw_url, "sealed_url": place.sealed_url}
    quoted = {key: "'" + text.replace("\\", "\\\\").replace("'", "''") + "'" for key, text in texts.items()}
    return {key: str(value) for key, value in names.items()} | quoted | {"copy": copy_statement(settings)}


def _title(part: str) -> str:
    return part.partition("\n")[0].removeprefix("-- == ").strip()


def _statements(part: str) -> tuple[str, ...]:
    lines = [line for line in part.splitlines() if line.strip() and not line.startswith("--")]
    return tuple(statement.strip() for statement in re.split(r";\s*(?:\n|$)", "\n".join(lines)) if statement.strip())
