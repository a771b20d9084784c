"""The lake in S3: settings, credentials, put-if-absent and its fallback, and one clear line for every fault.

moto is the S3 server. It checks no credentials unless it is told to; what it cannot be told (another region, a token
that has expired, a store that overwrites) is answered by a front before it, in the words that AWS documents.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from candlewick.config import S3Settings
from candlewick.errors import LakeError, ObjectExistsError
from candlewick.lake import names, s3
from candlewick.lake.objects import Lake
from peers.aws_peer import check_rights
from peers.s3_front import Answer, Front, fault, make_certificate, serve

NAME = names.stream("demo", "r1", 1_769_261_320_123_456)
OTHER = names.stream("demo", "r1", 1_769_261_321_123_456)
ASSUMED = """
<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult><Credentials>
    <AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
    <SessionToken>SESSION</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>
  </Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>
"""


@pytest.fixture(scope="module")
def one_front(s3_server: str) -> Iterator[Front]:
    with serve(s3_server) as front:
        yield front


@pytest.fixture
def front(one_front: Front) -> Front:
    one_front.reset()
    return one_front


@pytest.fixture(autouse=True)
def chain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Credentials as a user gives them, by the environment; nothing of this machine's own."""
    for key in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ALLOW_HTTP", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(key, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.fixture
def bucket(s3_server: str) -> str:
    name = f"tape-{uuid.uuid4()}"
    client(s3_server, "s3").create_bucket(Bucket=name)
    return name


def client(s3_server: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=s3_server,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def open_lake(endpoint: str, bucket: str, **settings: Any) -> Lake:
    return Lake.open(f"s3://{bucket}/some/path", "demo", S3Settings(endpoint=endpoint, **settings))


def one_line(caught: pytest.ExceptionInfo[LakeError], *parts: str) -> None:
    line = str(caught.value)
    assert "\n" not in line and "<" not in line
    for part in parts:
        assert part in line, line


# --- put-if-absent -------------------------------------------------------------------------------------------------


def test_an_endpoint_and_a_path_in_the_settings_are_where_objects_go(s3_server, bucket):
    open_lake(s3_server, bucket).put_absent(NAME, b"content")
    answer = client(s3_server, "s3").get_object(Bucket=bucket, Key=f"some/path/{NAME}")
    assert answer["Body"].read() == b"content"


@pytest.mark.parametrize("mode", ["auto", "on", "off"])
def test_a_name_is_written_once_in_every_mode(front, bucket, mode):
    lake = open_lake(front.url, bucket, conditional_put=mode)
    lake.put_absent(NAME, b"first")
    with pytest.raises(ObjectExistsError):
        lake.put_absent(NAME, b"second")
    assert lake.get(NAME) == b"first"
    conditional = [headers for method, path, headers in front.seen if method == "PUT" and path.endswith("r1.json.zst")]
    assert all(("if-none-match" in headers) == (mode != "off") for headers in conditional)


def test_the_store_is_asked_once_whether_it_refuses_to_overwrite(front, bucket):
    lake = open_lake(front.url, bucket)
    lake.check_writable("r1")
    asked = len(front.seen)
    lake.put_absent(NAME, b"first")
    lake.put_absent(OTHER, b"second")
    assert [method for method, _, _ in front.seen[asked:]] == ["PUT", "PUT"]


@pytest.mark.parametrize("refusal", ["overwrites", "501"])
def test_a_store_without_conditional_put_is_looked_at_first(front, bucket, refusal):
    front.ignore_conditions = True
    if refusal == "501":
        front.answers.extend([fault(501, "NotImplemented", only_conditional=True)] * 4)
    lake = open_lake(front.url, bucket)
    lake.put_absent(NAME, b"first")
    with pytest.raises(ObjectExistsError):
        lake.put_absent(NAME, b"second")
    assert lake.get(NAME) == b"first"


def test_conditional_put_that_is_demanded_and_not_there_stops_the_recorder_before_it_writes(front, bucket, s3_server):
    front.ignore_conditions = True
    lake = open_lake(front.url, bucket, conditional_put="on")
    with pytest.raises(LakeError) as caught:
        lake.check_writable("r1")
    one_line(caught, f"s3://{bucket}", "no conditional put", 'conditional_put = "auto"')
    with pytest.raises(LakeError):
        lake.put_absent(NAME, b"content")
    assert list(lake.list_all()) == []


def test_a_conflict_is_no_answer_and_the_put_is_repeated(front, bucket):
    """409: another put of the name was under way and may have failed. Taking it for "is there" would lose trades."""
    lake = open_lake(front.url, bucket)
    lake.check_writable("r1")
    front.answers.append(fault(409, "ConditionalRequestConflict", only_conditional=True))
    lake.put_absent(NAME, b"content")
    assert lake.get(NAME) == b"content"


# --- settings ------------------------------------------------------------------------------------------------------


def test_encryption_in_the_settings_is_asked_of_the_store(front, bucket):
    open_lake(front.url, bucket, server_side_encryption="aws:kms", kms_key_id="alias/tape").put_absent(NAME, b"x")
    headers = [headers for method, path, headers in front.seen if method == "PUT" and "stream_" in path][-1]
    assert headers["x-amz-server-side-encryption"] == "aws:kms"
    assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/tape"


@pytest.mark.parametrize(
    ("endpoint", "path_style", "bucket_name", "address", "in_host"),
    [
        ("", False, "tape", None, True),
        ("", True, "tape", None, False),
        ("", False, "my.tape", None, False),
        ("https://s3.example.com", False, "tape", "https://tape.s3.example.com", True),
        ("https://s3.example.com", True, "tape", "https://s3.example.com", False),
        ("http://127.0.0.1:9000", False, "tape", "http://127.0.0.1:9000", False),
        ("http://localhost:9000", False, "tape", "http://localhost:9000", False),
    ],
)
def test_the_bucket_is_named_in_the_host_where_that_is_possible(endpoint, path_style, bucket_name, address, in_host):
    settings = S3Settings(endpoint=endpoint, path_style=path_style)
    config = s3.Bucket(f"s3://{bucket_name}", settings, "probe").store.config
    assert config.get("endpoint") == address
    assert str(config["virtual_hosted_style_request"]).lower() == str(in_host).lower()


def test_the_region_in_the_settings_goes_before_the_environment(front, bucket):
    with pytest.raises(LakeError):
        front.answers.append(fault(403, "AccessDenied"))
        open_lake(front.url, bucket, region="eu-west-3").get(NAME)
    assert "/eu-west-3/s3/aws4_request" in front.seen[-1][2]["authorization"]


def test_a_profile_gives_credentials_and_region(front, bucket, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.delenv("AWS_REGION")
    (tmp_path / "config").write_text("[profile tape]\nregion = ap-south-1\n")
    (tmp_path / "credentials").write_text("[tape]\naws_access_key_id = OFPROFILE\naws_secret_access_key = test\n")
    open_lake(front.url, bucket, profile="tape").put_absent(NAME, b"content")
    authorization = front.seen[-1][2]["authorization"]
    assert "Credential=OFPROFILE/" in authorization and "/ap-south-1/" in authorization


def test_the_default_profile_is_found_without_a_word_in_the_settings(front, bucket, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = OFDEFAULT\naws_secret_access_key = test\n")
    open_lake(front.url, bucket).put_absent(NAME, b"content")
    assert "Credential=OFDEFAULT/" in front.seen[-1][2]["authorization"]


def test_a_role_is_assumed(front, s3_server, bucket, monkeypatch):
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", s3_server)
    open_lake(front.url, bucket, role_arn="arn:aws:iam::123456789012:role/recorder").put_absent(NAME, b"content")
    assert "x-amz-security-token" in front.seen[-1][2]


def test_a_web_identity_is_exchanged_for_a_role_over_tls_only(front, s3_server, bucket, monkeypatch, tmp_path):
    """The exchange is answered in the words of AWS's documents: moto does not know it by query string."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    certificate = make_certificate(tmp_path / "sts.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    (tmp_path / "token").write_text("of-the-cluster")
    with serve(s3_server, certificate) as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        sts.answers.append(Answer(200, ASSUMED))
        role = {"role_arn": "arn:aws:iam::1:role/recorder", "web_identity_token_file": str(tmp_path / "token")}
        open_lake(front.url, bucket, **role).put_absent(NAME, b"content")
    assert "WebIdentityToken=of-the-cluster" in sts.seen[0][1]
    assert front.seen[-1][2]["x-amz-security-token"] == "SESSION"
    assert "Credential=ASSUMED/" in front.seen[-1][2]["authorization"]


def test_keys_in_the_environment_do_not_silently_replace_a_web_identity(bucket, s3_server):
    with pytest.raises(LakeError) as caught:
        open_lake(s3_server, bucket, role_arn="arn:aws:iam::1:role/r", web_identity_token_file="/run/token")
    one_line(caught, "AWS_ACCESS_KEY_ID", "web_identity_token_file", "unset")


# --- faults: one clear line each -----------------------------------------------------------------------------------


def attempts(lake: Lake) -> list[Any]:
    return [
        lambda: lake.check_writable("r1"),
        lambda: lake.put_absent(NAME, b"content"),
        lambda: lake.get(NAME),
        lake.hours,
        lambda: list(lake.list_all()),
    ]


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_a_bucket_that_is_not_there(s3_server, mode):
    for attempt in attempts(open_lake(s3_server, "no-such-tape", conditional_put=mode)):
        with pytest.raises(LakeError) as caught:
            attempt()
        one_line(caught, "s3://no-such-tape/some/path", "no such bucket", "candlewick setup aws")


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        (fault(403, "InvalidAccessKeyId"), ("does not know this access key", "AWS_ACCESS_KEY_ID", "profile")),
        (fault(403, "SignatureDoesNotMatch"), ("does not know this access key or its secret",)),
        (fault(403, "AccessDenied"), ("may not do this", "s3:PutObject", "candlewick setup aws")),
        (fault(400, "ExpiredToken"), ("token has expired", "sign in again")),
        (
            fault(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
            ("the bucket is in eu-west-1", "region = 'eu-west-1'"),
        ),
        (fault(301, "PermanentRedirect"), ("another region", "`region`")),
        (fault(403, "RequestTimeTooSkewed"), ("clock",)),
        (fault(400, "SomethingNew"), ("SomethingNew",)),
    ],
    ids=lambda value: value.body.split("</Code>")[0][len("<Error><Code>") :] if isinstance(value, Answer) else "",
)
def test_a_fault_that_aws_documents(front, bucket, answer, parts):
    for attempt in attempts(open_lake(front.url, bucket)):
        front.answers.append(answer)
        with pytest.raises(LakeError) as caught:
            attempt()
        front.answers.clear()
        one_line(caught, f"s3://{bucket}/some/path", *parts)


def test_a_store_that_cannot_be_reached(bucket):
    with pytest.raises(LakeError) as caught:
        open_lake("http://127.0.0.1:1", bucket).get(NAME)
    one_line(caught, "http://127.0.0.1:1 cannot be reached", "endpoint")


def test_an_address_that_is_none(s3_server):
    with pytest.raises(LakeError) as caught:
        open_lake(s3_server, "Tape_Of_Mine")
    one_line(caught, "s3://Tape_Of_Mine/some/path", "expected a lake such as")


def test_a_profile_that_is_not_there(s3_server, bucket):
    with pytest.raises(LakeError) as caught:
        open_lake(s3_server, bucket, profile="nobody")
    one_line(caught, "nobody", "`profile` in [s3]")


def test_a_role_that_may_not_be_assumed(front, bucket, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", front.url)
    front.answers.append(Answer(403, f"<ErrorResponse>{fault(403, 'AccessDenied').body}</ErrorResponse>"))
    with pytest.raises(LakeError) as caught:
        open_lake(front.url, bucket, role_arn="arn:aws:iam::123456789012:role/recorder").get(NAME)
    one_line(caught, "may not assume the role", "role_arn")


def test_credentials_are_checked_and_rights_are_told_apart(s3_server, bucket):
    """moto with its checks switched on: an unknown key, a wrong secret, and a user who may read but not write."""
    iam = client(s3_server, "iam")
    iam.create_user(UserName="reader")
    statement = {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    expected = {
        ("AKIAUNKNOWN", "x"): "does not know this access key",
        (key["AccessKeyId"], "wrong"): "does not know this access key or its secret",
        (key["AccessKeyId"], key["SecretAccessKey"]): "may not do this",
    }
    check_rights(s3_server, "0")
    try:
        for (access_key, secret), part in expected.items():
            with pytest.MonkeyPatch.context() as environment, pytest.raises(LakeError) as caught:
                environment.setenv("AWS_ACCESS_KEY_ID", access_key)
                environment.setenv("AWS_SECRET_ACCESS_KEY", secret)
                lake = open_lake(s3_server, bucket)
                if part == "may not do this":
                    assert lake.hours() == []
                lake.check_writable("r1")
            one_line(caught, f"s3://{bucket}/some/path: cannot be written", part)
    finally:
        check_rights(s3_server, "inf")
