"""What `candlewick doctor` asks of AWS and Snowflake, against the stand-ins: what is so, and what was made wrong."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from candlewick.config import S3Settings, Settings, SnowflakeSettings
from candlewick.setup.checks import account
from candlewick.setup.checks.answers import asked
from candlewick.setup.checks.bucket import _notifies, _refuses
from candlewick.setup.location import Location
from made.small_gold import SmallGold
from made.snowflake_sides import Account
from peers.aws_peer import CREDENTIALS, REGION, client, moto_server, resolve
from peers.snowflake_peer import snowflake_host, write_connection

BUCKET = "tape-to-check"


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        client(url, "s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield url


def test_every_answer_of_an_account_that_is_set_up(aws, tmp_path: Path, monkeypatch):
    with snowflake_host() as host:
        monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
        write_connection(tmp_path / "snowflake", host.port)
        settings = Settings(
            data=tmp_path,
            lake=f"s3://{BUCKET}",
            warehouse="snowflake",
            snowflake=SnowflakeSettings(connection="peer"),
            s3=S3Settings(endpoint=aws, region=REGION, path_style=True),
        )
        peer = host.new_peer()
        Account(settings, peer).set_up()
        SmallGold.make(settings)
        found = run(settings)
        assert found["the reader's role only reads"] == ("ok", "USAGE, SELECT and MONITOR")
        assert found["the stream is not stale"][0] == "ok"
        assert found["a live view prunes"][1].startswith("3 of 10 partitions")
        assert found["credits of the last day"][1].startswith("1.25 WAREHOUSE_METERING")
        assert found["a cycle"] == ("unknown", "`candlewick warehouse` does not run here")
        assert found["the pipe loads"] == ("wrong", _NEVER_HEARD)

        peer.pipe_state, peer.partitions = "PAUSED", ("10", "10")
        peer.statements.append("GRANT INSERT ON TABLE CRYPTO_DB.GOLD.CANDLE_AUDIT TO ROLE CANDLEWICK_READER")
        found = run(settings)
        assert found["the reader's role only reads"] == ("wrong", "it may INSERT as well")
        assert found["a live view prunes"][0] == "wrong" and "all 10 of 10" in found["a live view prunes"][1]
        assert found["the pipe loads"][0] == "wrong" and "is PAUSED" in found["the pipe loads"][1]


def run(settings: Settings) -> dict[str, tuple[str, str]]:
    with ExitStack() as parts:
        return {answer.what: (answer.state, answer.text) for answer in asked(account.checks(settings, parts))}


_NEVER_HEARD = "it runs and has never heard of an object from S3: `candlewick setup snowflake --apply-aws`"


def test_the_bucket_is_asked_for_its_policy_and_for_whom_it_tells(aws):
    s3, place = client(aws, "s3"), Location(BUCKET, "binance/")
    policy = resolve({"BucketName": BUCKET, "Folder": "binance/"})["BucketPolicy"]["PolicyDocument"]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    assert _refuses(s3, place)[0] == "ok"
    del policy["Statement"][-1]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))
    assert _refuses(s3, place)[0] == "wrong"
    assert _notifies(s3, place)[0] == "wrong"


def test_where_duckdb_computes_it_is_asked_how_far_snowflake_was_sent(tmp_path: Path, monkeypatch):
    with snowflake_host() as host:
        monkeypatch.setenv("SNOWFLAKE_HOME", str(tmp_path / "snowflake"))
        write_connection(tmp_path / "snowflake", host.port)
        settings = Settings(data=tmp_path, publish="snowflake", snowflake=SnowflakeSettings(connection="peer"))
        peer = host.new_peer()
        Account(settings, peer).set_up()
        found = run(settings)
        assert found["what DuckDB computed is there"][0] == "wrong"
        assert "the pipe loads" not in found and found["the reader's role only reads"][0] == "ok"
