"""What a pipe's status means: every state that Snowflake documents, and the next step of those that do not load."""

from datetime import UTC, datetime

import pytest

from candlewick.config import SnowflakeSettings
from candlewick.warehouse.snowflake.pipe import parse

SETTINGS = SnowflakeSettings()
NAME = "CRYPTO_DB.RAW.BINANCE_PIPE"


def test_a_running_pipe_with_its_backlog():
    text = (
        '{"executionState":"RUNNING","oldestPendingFilePath":"x.json.zst","oldestFileTimestamp":"2026-01-24T13:22:00Z",'
        '"pendingFileCount":3,"lastIngestedTimestamp":"2026-01-24T13:21:58.123Z","numOutstandingMessagesOnChannel":0}'
    )
    pipe = parse(SETTINGS, text)
    assert pipe.name == NAME and pipe.problem is None
    assert pipe.status.pending_file_count == 3
    assert pipe.status.oldest_file_timestamp == datetime(2026, 1, 24, 13, 22, tzinfo=UTC)
    assert pipe.status.last_ingested_timestamp == datetime(2026, 1, 24, 13, 21, 58, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("PAUSED", f"ALTER PIPE {NAME} SET PIPE_EXECUTION_PAUSED = FALSE"),
        ("STOPPED_STAGE_ALTERED", "setup snowflake --renew-pipe"),
        ("STOPPED_MISSING_TABLE", "candlewick setup snowflake"),
        ("STALLED_STAGE_PERMISSION_ERROR", "--apply-aws"),
        ("STALLED_COMPILATION_ERROR", "setup snowflake --renew-pipe"),
        ("STALLED_EXECUTION_ERROR", "COPY_HISTORY"),
        ("READ_ONLY", "`database` in [snowflake]"),
        ("A_STATE_OF_TOMORROW", "SYSTEM$PIPE_STATUS"),
    ],
)
def test_a_pipe_that_does_not_load_is_one_line_with_the_next_step(state, step):
    line = parse(SETTINGS, f'{{"executionState":"{state}","pendingFileCount":0}}').problem
    assert line is not None and "\n" not in line
    assert f"the pipe {NAME} is {state}" in line and step in line


def test_a_pipe_that_runs_and_fails_says_why():
    line = parse(
        SETTINGS, '{"executionState":"RUNNING","pendingFileCount":9,"error":"Remote file\\n was not found"}'
    ).problem
    assert line is not None and "(Remote file was not found)" in line
