"""The CloudFormation template: lint, least privilege, and what moto's CloudFormation cannot make."""

import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from candlewick.config import S3Settings
from candlewick.errors import LakeError
from candlewick.lake import names
from candlewick.lake.objects import Lake
from candlewick.setup.stack import TEMPLATE
from peers.aws_peer import CREDENTIALS, client, moto_server, resolve

USER = "arn:aws:iam::999999999999:user/snowflake"
QUEUE = "arn:aws:sqs:eu-west-1:999999999999:sf-snowpipe"
WIRED = {"SnowflakeUserArn": USER, "SnowflakeExternalId": "ACCOUNT_SFCRole=1_x=", "PipeQueueArn": QUEUE}
BASE = {"BucketName": "tape", "Folder": "path/binance/"}


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as url:
        yield url


def statements(resource: dict[str, Any], document: str = "PolicyDocument") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resource[document]["Statement"]
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_linter_finds_nothing():
    """Errors and warnings, for every region; hints ("I…") are not asked for."""
    linter = Path(sys.executable).with_name("cfn-lint")  # to import it takes seconds of every process of the tests
    asked = [linter, "--ignore-checks", "I", "--regions", "ALL_REGIONS", "--template", TEMPLATE]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


@pytest.mark.parametrize("wires", [{}, WIRED], ids=["alone", "wired"])
def test_rights_are_named_one_by_one_and_end_at_the_lakes_folder(wires):
    resources = resolve({**BASE, **wires, "KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k"})
    for policy in ("RecorderPolicy", "ReaderPolicy"):
        for statement in statements(resources[policy]):
            assert all("*" not in action for action in as_list(statement["Action"]))
            for resource in as_list(statement["Resource"]):
                on_bucket = resource == "arn:aws:s3:::tape" and (
                    statement["Action"] == "s3:GetBucketLocation"
                    or statement["Condition"] == {"StringLike": {"s3:prefix": "path/binance/*"}}
                )
                assert on_bucket or resource.startswith(("arn:aws:s3:::tape/path/binance/", "arn:aws:kms:"))


def test_a_recorder_cannot_delete_what_it_recorded_and_snowflake_cannot_write():
    resources = resolve(BASE)
    (deletes,) = [s for s in statements(resources["RecorderPolicy"]) if s["Action"] == "s3:DeleteObject"]
    assert deletes["Resource"] == "arn:aws:s3:::tape/path/binance/staging/*"
    reader = {action for s in statements(resources["ReaderPolicy"]) for action in as_list(s["Action"])}
    kms = {"kms:Decrypt"}
    assert reader - kms == {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation"}


def test_nobody_may_assume_snowflakes_role_before_snowflake_is_known():
    (statement,) = statements(resolve(BASE)["SnowflakeRole"], "AssumeRolePolicyDocument")
    assert statement["Effect"] == "Deny"


def test_then_only_snowflakes_user_may_and_only_with_the_external_id():
    (statement,) = statements(resolve({**BASE, **WIRED})["SnowflakeRole"], "AssumeRolePolicyDocument")
    assert statement["Effect"] == "Allow"
    assert statement["Principal"] == {"AWS": USER}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": WIRED["SnowflakeExternalId"]}}


def test_the_bucket_is_private_encrypted_unversioned_and_speaks_tls_only():
    resources = resolve(BASE)
    bucket = resources["Bucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "VersioningConfiguration" not in bucket
    never_replace = resources["BucketPolicy"]["PolicyDocument"]["Statement"].pop()
    assert never_replace["Sid"] == "NeverReplace"
    denials = {json.dumps(s["Condition"]): s for s in statements(resources["BucketPolicy"]) if s["Effect"] == "Deny"}
    assert set(denials) == {
        '{"Bool": {"aws:SecureTransport": "false"}}',
        '{"NumericLessThan": {"s3:TlsVersion": "1.2"}}',
    }
    assert all(s["Resource"] == ["arn:aws:s3:::tape", "arn:aws:s3:::tape/*"] for s in denials.values())


@pytest.mark.parametrize(
    ("days", "rules"),
    [
        ({}, {"staging", "multipart"}),
        ({"ExpireDays": "90", "ColdDays": "30"}, {"staging", "multipart", "expire", "cool"}),
    ],
)
def test_raw_objects_expire_and_cool_only_when_asked(aws, days, rules):
    bucket = f"tape-{uuid.uuid4()}"
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    wanted = resolve({**BASE, "BucketName": bucket, **days})["Bucket"]["LifecycleConfiguration"]["Rules"]
    assert {rule["Id"] for rule in wanted} == rules
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [_rule(r) for r in wanted]})
    assert len(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]) == len(rules)


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A lifecycle rule in the words of S3's API."""
    api: dict[str, Any] = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "ExpirationInDays" in rule:
        api["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "AbortIncompleteMultipartUpload" in rule:
        api["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    for transition in rule.get("Transitions", []):
        days = int(transition["TransitionInDays"])
        api["Transitions"] = [{"Days": days, "StorageClass": transition["StorageClass"]}]
    return api


def test_snowpipe_is_told_of_raw_objects_and_of_nothing_else(aws, monkeypatch):
    """The template's notification on moto's S3, with moto's SQS in the place of Snowpipe's queue."""
    bucket, s3, sqs = f"tape-{uuid.uuid4()}", client(aws, "s3"), client(aws, "sqs")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    queue = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    properties = resolve({**BASE, "BucketName": bucket, **WIRED, "PipeQueueArn": arn})["Bucket"]
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": item["Queue"],
                    "Events": [item["Event"]],
                    "Filter": {"Key": {"FilterRules": item["Filter"]["S3Key"]["Rules"]}},
                }
                for item in properties["NotificationConfiguration"]["QueueConfigurations"]
            ]
        },
    )
    sqs.purge_queue(QueueUrl=queue)
    for key, value in CREDENTIALS.items():
        monkeypatch.setenv(key, value)
    lake = Lake.open(f"s3://{bucket}/path", "binance", S3Settings(endpoint=aws))
    lake.check_writable("r1")
    name = names.stream("binance", "r1", 1_769_261_320_123_456)
    lake.put_absent(name, b"content")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    keys = [record["s3"]["object"]["key"] for m in messages for record in json.loads(m["Body"])["Records"]]
    assert [unquote_plus(key) for key in keys] == [f"path/{name}"]


def test_without_a_pipe_nobody_is_told():
    assert "NotificationConfiguration" not in resolve(BASE)["Bucket"]


def test_the_recorders_rights_are_enough_for_a_recorder_and_no_more(aws, monkeypatch):
    """moto checks every request against the policy: what a recorder does passes, what it must not do does not."""
    bucket, iam = f"tape-{uuid.uuid4()}", client(aws, "iam")
    client(aws, "s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    resources = resolve({**BASE, "BucketName": bucket})
    users = {}
    for policy in ("RecorderPolicy", "ReaderPolicy"):
        user = f"{policy}-{uuid.uuid4()}"
        iam.create_user(UserName=user)
        document = json.dumps(resources[policy]["PolicyDocument"])
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document)
        users[policy] = iam.create_access_key(UserName=user)["AccessKey"]
    name = names.stream("binance", "r1", 1_769_261_320_123_456)
    with _checked(aws):
        recorder = _lake_as(users["RecorderPolicy"], aws, bucket, monkeypatch)
        recorder.check_writable("r1")
        recorder.put_absent(name, b"content")
        assert recorder.get(name) == b"content"
        assert [item.name for item in recorder.list_all()] == [name]
        with pytest.raises(LakeError, match="may not do this"):
            Lake.open(f"s3://{bucket}/elsewhere", "binance", S3Settings(endpoint=aws)).put_absent(name, b"x")
        keys = users["RecorderPolicy"]
        as_recorder = client(
            aws, "s3", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
        )
        with pytest.raises(as_recorder.exceptions.ClientError, match="AccessDenied"):
            as_recorder.delete_object(Bucket=bucket, Key=f"path/{name}")
        reader = _lake_as(users["ReaderPolicy"], aws, bucket, monkeypatch)
        assert reader.get(name) == b"content"
        assert len(reader.hours()) == 1
        with pytest.raises(LakeError, match="may not do this"):
            reader.check_writable("r1")


def _lake_as(key: dict[str, str], aws: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return Lake.open(f"s3://{bucket}/path", "binance", S3Settings(endpoint=aws))


class _checked:  # noqa: N801 - reads as a phrase
    """Have moto check credentials and rights inside the block."""

    def __init__(self, aws: str) -> None:
        self._aws = aws

    def __enter__(self) -> None:
        self._set("0")

    def __exit__(self, *error: object) -> None:
        self._set("inf")

    def _set(self, after: str) -> None:
        headers = {"Content-Type": "text/plain"}
        url = f"{self._aws}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(url, after.encode(), headers, method="POST")).close()


KEY = "arn:aws:kms:eu-west-1:1:key/k"
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"


def test_a_put_that_could_replace_an_object_is_refused_by_the_bucket():
    """As AWS writes it in "Enforce conditional writes on Amazon S3 buckets"."""
    (denial,) = [s for s in statements(resolve(BASE)["BucketPolicy"]) if s["Sid"] == "NeverReplace"]
    assert (denial["Effect"], denial["Principal"], denial["Action"]) == ("Deny", "*", "s3:PutObject")
    assert denial["Resource"] == ["arn:aws:s3:::tape/path/binance/raw/*", "arn:aws:s3:::tape/path/binance/sealed/*"]
    assert denial["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }
    off = statements(resolve({**BASE, "ConditionalPut": "off"})["BucketPolicy"])
    assert "NeverReplace" not in {s["Sid"] for s in off}


@pytest.mark.parametrize(
    ("policy", "actions"),
    [("RecorderPolicy", ["kms:GenerateDataKey", "kms:Decrypt"]), ("ReaderPolicy", "kms:Decrypt")],
)
def test_whoever_has_a_policy_may_use_the_key_too(policy, actions):
    found = [s for s in statements(resolve({**BASE, "KmsKeyArn": KEY})[policy]) if s["Sid"] == "Key"]
    assert [(s["Action"], s["Resource"]) for s in found] == [(actions, KEY)]
    (without,) = [s for s in statements(resolve(BASE)[policy]) if s["Sid"] == "Key"]
    assert without["Resource"].endswith(":key/none")


def test_principals_that_are_named_may_be_the_recorder():
    named = "arn:aws:iam::123456789012:role/me"
    wanted = resolve({**BASE, "RecorderPrincipals": named})
    services = ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]
    (trusted,) = statements(wanted["RecorderRole"], "AssumeRolePolicyDocument")
    assert trusted["Principal"] == {"Service": services, "AWS": [named]}
    (trusted,) = statements(resolve(BASE)["RecorderRole"], "AssumeRolePolicyDocument")
    assert trusted["Principal"] == {"Service": services}


def test_a_token_may_be_the_recorder_for_one_audience_and_subject_only():
    subject = "system:serviceaccount:tape:recorder"
    role = resolve({**BASE, "OidcProviderArn": PROVIDER, "OidcSubject": subject})["RecorderWebRole"]
    (statement,) = json.loads(role["AssumeRolePolicyDocument"])["Statement"]
    issuer = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    assert statement["Principal"] == {"Federated": PROVIDER}
    assert statement["Condition"] == {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}}
    assert "RecorderWebRole" not in resolve(BASE)
