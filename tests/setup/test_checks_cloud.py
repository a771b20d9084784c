"""What `candlewick doctor` asks of AWS and Snowflake, against the stand-ins: what is so, and what was made wrong."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from candlewick.config import S3Settings, Settings, SnowflakeSettings
from candlewick.setup.checks import account, data
from candlewick.setup.checks.answers import asked
from candlewick.setup.checks.bucket import _notifies, _refuses
from candlewick.setup.location import Location
from made.small_gold import SmallGold
from made.snowflake_sides import Account
from peers.aws_peer import CREDENTIALS, REGION, check_rights, client, moto_server, resolve
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


ALL = ("s3:ListBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject")


@pytest.mark.parametrize(
    ("allowed", "lacking"),
    [
        (ALL, ""),
        (ALL[:3], ""),
        (("s3:ListBucket", "s3:GetObject"), "s3:PutObject, s3:DeleteObject"),
        (("s3:PutObject", "s3:DeleteObject"), "s3:ListBucket, s3:GetObject"),
        ((), "s3:ListBucket, s3:PutObject, s3:DeleteObject"),
    ],
    ids=lambda given: "+".join(each[3:7] for each in given) if isinstance(given, tuple) else "",
)
def test_rights_that_lack_in_the_bucket_are_named_one_by_one(aws, tmp_path: Path, monkeypatch, allowed, lacking):
    """moto checks rights as AWS does, of a user whose policy allows so much and no more."""
    client(aws, "s3").delete_bucket_policy(Bucket=BUCKET)  # another test's: it would refuse this user, too
    iam, user = client(aws, "iam"), f"recorder-{len(allowed)}-{len(lacking)}"
    iam.create_user(UserName=user)
    if allowed:
        statement = {"Effect": "Allow", "Action": [*allowed], "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=user, PolicyName="may", PolicyDocument=document)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    s3 = S3Settings(endpoint=aws, region=REGION, path_style=True)
    settings = Settings(data=tmp_path, lake=f"s3://{BUCKET}/some/path", prefix="demo", s3=s3)
    check_rights(aws, "0")
    try:
        found = {answer.what: answer for answer in asked(data.checks(settings))}
    finally:
        check_rights(aws, "inf")
    told = found["rights in the bucket"]
    assert "\n" not in told.text
    if lacking:
        assert (told.state, told.text) == ("wrong", f"s3://{BUCKET}/some/path: these credentials lack {lacking}")
        assert f"arn:aws:s3:::{BUCKET}/some/path/demo/*" in told.next_step
    else:
        assert told.state == found["the lake takes an object once"].state == "ok", found
        assert ("without s3:DeleteObject" in told.text) == (allowed != ALL)


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
