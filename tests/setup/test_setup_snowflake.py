"""`candlewick setup snowflake` against fakesnow's server, by the real connector; wired to a stack on moto."""

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import stamina
from typer.testing import CliRunner, Result

from candlewick.cli import app
from candlewick.config import S3Settings, SnowflakeSettings
from candlewick.errors import SetupError
from candlewick.lake import names
from candlewick.lake.manifest import Extent, Manifest
from candlewick.lake.objects import Lake, pack
from candlewick.warehouse.snowflake.connection import Connection
from peers.aws_peer import CREDENTIALS, client, moto_server, resolve
from peers.snowflake_peer import EXTERNAL_ID, USER_ARN, Host, Peer, snowflake_host, write_connection

PIPE = "CRYPTO_DB.RAW.BINANCE_PIPE"
BUCKET = "tape-of-mine"


@pytest.fixture(scope="module")
def aws_server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def aws(aws_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty account, credentials for it in the environment, and the stack as `candlewick setup aws` makes it."""
    urllib.request.urlopen(urllib.request.Request(f"{aws_server}/moto-api/reset", method="POST")).close()
    for key, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": aws_server}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return aws_server


@pytest.fixture(scope="module")
def snowflake_server() -> Iterator[Host]:
    with snowflake_host() as host:
        yield host


@pytest.fixture
def peer(snowflake_server: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """An empty account of Snowflake, connections.toml for it, and retries that do not wait."""
    monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
    write_connection(tmp_path / "snowflake", snowflake_server.port)
    stamina.set_testing(True, attempts=3)
    yield snowflake_server.new_peer()
    stamina.set_testing(False)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "candlewick.toml"
    path.write_text(f'lake = "s3://{BUCKET}/path"\nwarehouse = "snowflake"\n[snowflake]\nconnection = "peer"\n')
    return path


def run(settings: Path, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["setup", "snowflake", "-c", str(settings), *arguments], input=answer)


def set_up_aws(settings: Path) -> None:
    result = CliRunner().invoke(app, ["setup", "aws", "-c", str(settings), "--yes"])
    assert result.exit_code == 0, result.output


def query(statement: str) -> list[tuple[Any, ...]]:
    with Connection.open(SnowflakeSettings(connection="peer"), "CANDLEWICK_READER") as connection:
        return connection.run(statement)


def test_a_dry_run_prints_the_sql_and_asks_nobody(settings):
    result = run(settings, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "CREATE PIPE IF NOT EXISTS CRYPTO_DB.RAW.BINANCE_PIPE" in result.output
    assert "'s3://tape-of-mine/path/binance/raw/'" in result.output


def test_by_hand_it_prints_the_values_and_the_command_that_hands_them_over(peer, aws, settings):
    set_up_aws(settings)
    result = run(settings)
    assert result.exit_code == 0, result.output
    assert f"--snowflake-user-arn '{USER_ARN}' --snowflake-external-id '{EXTERNAL_ID}'" in result.output
    assert f"--pipe-queue-arn '{peer.queue_arn}'" in result.output
    role = client(aws, "cloudformation").describe_stacks()["Stacks"][0]["Outputs"]
    arn = next(item["OutputValue"] for item in role if item["OutputKey"] == "SnowflakeRoleArn")
    assert any(f"STORAGE_AWS_ROLE_ARN = '{arn}'" in statement for statement in peer.statements)


def test_it_runs_again_and_nothing_is_lost(peer, aws, settings):
    set_up_aws(settings)
    run(settings)
    query("INSERT INTO CRYPTO_DB.RAW.BINANCE_RAW SELECT PARSE_JSON('{}'), 'x', 1, '2026-01-01'::TIMESTAMP_NTZ")
    result = run(settings)
    assert result.exit_code == 0, result.output
    assert query("SELECT COUNT(*) FROM CRYPTO_DB.RAW.BINANCE_RAW") == [(1,)]


def test_with_apply_aws_the_stack_knows_user_external_id_and_queue(peer, aws, settings):
    set_up_aws(settings)
    result = run(settings, "--apply-aws", "--yes")
    assert result.exit_code == 0, result.output
    parameters = client(aws, "cloudformation").describe_stacks()["Stacks"][0]["Parameters"]
    values = {item["ParameterKey"]: item["ParameterValue"] for item in parameters}
    assert (values["SnowflakeUserArn"], values["SnowflakeExternalId"]) == (USER_ARN, EXTERNAL_ID)
    assert values["PipeQueueArn"] == peer.queue_arn
    assert values["BucketName"] == BUCKET


def test_who_says_no_to_the_stack_changes_neither_it_nor_the_pipe(peer, aws, settings):
    set_up_aws(settings)
    result = run(settings, "--apply-aws", answer="n\n")
    assert isinstance(result.exception, SetupError)
    assert not [statement for statement in peer.statements if statement.startswith("CREATE PIPE")]


def test_without_a_stack_and_without_a_role_it_says_what_comes_first(peer, aws, settings):
    result = run(settings)
    assert isinstance(result.exception, SetupError) and "`candlewick setup aws` first" in str(result.exception)


def test_a_role_that_does_not_let_snowflake_in_is_told_with_the_next_step(peer, aws, settings):
    set_up_aws(settings)
    peer.aws_lets_in = lambda: False
    result = run(settings)
    assert isinstance(result.exception, SetupError)
    assert "--snowflake-user-arn" in str(result.exception) and "run this again" in str(result.exception)
    assert f"--snowflake-external-id '{EXTERNAL_ID}'" in result.output


def test_a_role_that_was_just_told_is_waited_for(peer, aws, settings):
    set_up_aws(settings)
    answers = iter([False, False])
    peer.aws_lets_in = lambda: next(answers, True)
    result = run(settings, "--apply-aws", "--yes")
    assert result.exit_code == 0, result.output
    assert peer.queue_arn in result.output


def test_a_pipe_with_another_copy_is_pointed_out_and_left(peer, aws, settings):
    set_up_aws(settings)
    run(settings)
    settings.write_text(settings.read_text() + 'stage = "OTHER_STAGE"\n')
    result = run(settings)
    assert result.exit_code == 0, result.output
    assert "--renew-pipe" in result.output
    result = run(settings, "--renew-pipe")
    assert result.exit_code == 0, result.output
    assert f"DROP PIPE IF EXISTS {PIPE}" in peer.statements
    refreshes = [each for each in peer.statements if each.startswith(f"ALTER PIPE {PIPE} REFRESH")]
    assert len(refreshes) == 3
    since = datetime.fromisoformat(refreshes[-1].partition("MODIFIED_AFTER = '")[2].rstrip("'"))
    assert timedelta(days=6) < datetime.now(UTC) - since < timedelta(days=7) - timedelta(minutes=30)
    assert "is not the one" not in result.output


def test_a_pipe_that_was_paused_goes_on_and_one_that_stopped_is_no_success(peer, aws, settings):
    set_up_aws(settings)
    run(settings)
    peer.pipe_state = "PAUSED"
    result = run(settings)
    assert result.exit_code == 0 and "The pipe was paused; it goes on" in result.output
    assert f"SELECT SYSTEM$PIPE_FORCE_RESUME('{PIPE}', 'staleness_check_override')" in peer.statements
    peer.pipe_state = "STOPPED_STAGE_ALTERED"
    result = run(settings)
    assert isinstance(result.exception, SetupError) and "--renew-pipe" in str(result.exception)


def test_an_admin_who_is_no_accountadmin_gets_the_loaders_role_and_is_told_of_the_monitor(peer, aws, settings):
    set_up_aws(settings)
    settings.write_text(settings.read_text() + 'admin_role = "TAPE_ADMIN"\n')
    result = run(settings)
    assert result.exit_code == 0, result.output
    assert "No resource monitor" in result.output
    assert "GRANT ROLE CANDLEWICK_LOADER TO ROLE TAPE_ADMIN" in peer.statements
    assert not [each for each in peer.statements if "RESOURCE MONITOR" in each]


def test_teardown_wants_the_databases_name(peer, aws, settings):
    set_up_aws(settings)
    run(settings)
    before = len(peer.statements)
    result = run(settings, "--teardown", answer="yes\n")
    assert result.exit_code == 1 and "Nothing was removed" in result.output
    assert len(peer.statements) == before
    result = run(settings, "--teardown", answer="crypto_db\n")
    assert result.exit_code == 0, result.output
    assert "DROP DATABASE IF EXISTS CRYPTO_DB" in peer.statements


def test_an_object_in_s3_becomes_rows_by_notification_and_pipe(peer, aws, settings):
    """The whole wiring: lake → S3 (moto) → notification → queue (moto) → pipe (peer) → its COPY → RAW on fakesnow."""
    set_up_aws(settings)
    sqs, s3 = client(aws, "sqs"), client(aws, "s3")
    queue = sqs.create_queue(QueueName="snowpipe")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    peer.queue_arn = attributes["QueueArn"]
    early = names.stream("binance", "r1", 1_769_261_319_000_000)
    lake = Lake.open(f"s3://{BUCKET}/path", "binance", S3Settings(endpoint=aws))
    lake.put_absent(early, an_object(1))
    peer.objects = lambda: contents(s3)
    run(settings, "--apply-aws", "--yes")
    notify(s3, resolve({"BucketName": BUCKET, "Folder": "path/binance/", "PipeQueueArn": peer.queue_arn}))
    late = names.stream("binance", "r1", 1_769_261_320_123_456)
    lake.put_absent(late, an_object(2))
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    events = [record for message in messages for record in json.loads(message["Body"]).get("Records", [])]
    keys = {urllib.request.unquote(event["s3"]["object"]["key"]) for event in events}
    assert keys == {f"path/{late}"}
    assert peer.load(PIPE, {key: contents(s3)[key] for key in keys}) == 1
    assert peer.load(PIPE, {key: contents(s3)[key] for key in keys}) == 0, "a pipe loads an object once"
    rows = query(
        "SELECT object_name, row_number, payload:t::int, payload:T::int, payload:e::varchar "
        "FROM CRYPTO_DB.RAW.BINANCE_RAW WHERE loaded_at IS NOT NULL ORDER BY object_name, row_number"
    )
    assert rows == [
        (f"path/{early}", 1, 1, 7, "trade"),
        (f"path/{early}", 2, None, None, "manifest"),
        (f"path/{late}", 1, 2, 7, "trade"),
        (f"path/{late}", 2, None, None, "manifest"),
    ]


def an_object(trade_id: int) -> bytes:
    line = json.dumps({"e": "trade", "E": 8, "s": "BTCUSDT", "t": trade_id, "T": 7}).encode()
    ids = [(trade_id, trade_id)]
    spans = {"BTCUSDT": Extent(trade_id, trade_id, 1, ids)}
    manifest = Manifest(recorder="r1", seq=1, prev=None, created=1, lines=1, spans=spans, covered={"BTCUSDT": ids})
    return pack([line], manifest)


def contents(s3: Any) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    return {item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed}


def notify(s3: Any, resources: dict[str, Any]) -> None:
    """Apply the template's notification, which moto's CloudFormation leaves out."""
    (wanted,) = resources["Bucket"]["NotificationConfiguration"]["QueueConfigurations"]
    rules = wanted["Filter"]["S3Key"]["Rules"]
    queue = {"QueueArn": wanted["Queue"], "Events": [wanted["Event"]], "Filter": {"Key": {"FilterRules": rules}}}
    s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [queue]})
