"""`candlewick setup aws` against moto: planned, shown, asked for, applied; again and again with the same outcome."""

import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from candlewick.cli import app
from candlewick.errors import CandlewickError, ConfigError, LakeError, SetupError
from candlewick.setup.stack import Change, Plan, Stack, render
from peers.aws_peer import ACCOUNT, CREDENTIALS, REGION, client, moto_server

NOW = datetime(2026, 11, 22, tzinfo=UTC)
RESOURCES = ("Bucket", "BucketPolicy", "RecorderPolicy", "ReaderPolicy", "RecorderRole", "SnowflakeRole")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def aws(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """An empty account, and credentials for it in the environment."""
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    for key, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": server}.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return server


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "candlewick.toml"
    path.write_text('lake = "s3://tape-of-mine/path"\n')
    return path


def run(settings: Path, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["setup", "aws", "-c", str(settings), *arguments], input=answer)


def stack(aws: str) -> dict[str, Any] | None:
    stacks = client(aws, "cloudformation").describe_stacks()["Stacks"]
    return stacks[0] if stacks else None


def test_a_dry_run_shows_everything_and_makes_nothing(aws, settings):
    result = run(settings, "--dry-run")
    assert result.exit_code == 0, result.output
    assert f"Stack candlewick in {REGION}, account {ACCOUNT}" in result.output
    assert all(f"+ {name}" in result.output for name in RESOURCES)
    assert " to add, 0 to change, 0 to remove" in result.output and "Nothing was changed." in result.output
    assert stack(aws) is None
    assert client(aws, "s3").list_buckets()["Buckets"] == []


def test_it_asks_and_no_means_no(aws, settings):
    result = run(settings, answer="n\n")
    assert "Apply? [y/N]" in result.output and "Nothing was changed." in result.output
    assert stack(aws) is None


def test_yes_makes_the_stack_and_prints_what_is_needed_next(aws, settings):
    result = run(settings, answer="y\n")
    assert result.exit_code == 0, result.output
    assert [bucket["Name"] for bucket in client(aws, "s3").list_buckets()["Buckets"]] == ["tape-of-mine"]
    for output in ("RecorderRoleArn", "SnowflakeRoleArn", "RecorderPolicyArn", f"arn:aws:iam::{ACCOUNT}:role/"):
        assert output in result.output


def test_again_there_is_nothing_to_change(aws, settings):
    run(settings, "--yes")
    result = run(settings, "--yes")
    assert result.exit_code == 0, result.output
    assert "Nothing to change." in result.output and "SnowflakeRoleArn" in result.output


def test_wires_are_shown_applied_and_then_kept(aws, settings):
    run(settings, "--yes")
    wires = ("--snowflake-user-arn", "arn:aws:iam::9:user/sf", "--snowflake-external-id", "X_1")
    result = run(settings, "--yes", *wires)
    assert "SnowflakeUserArn: (empty) → arn:aws:iam::9:user/sf" in result.output
    settings.write_text(settings.read_text() + "[s3]\nexpire_days = 90\n")
    result = run(settings, "--yes")
    assert "ExpireDays: 0 → 90" in result.output and "SnowflakeUserArn" not in result.output
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in (stack(aws) or {})["Parameters"]}
    assert (parameters["SnowflakeUserArn"], parameters["SnowflakeExternalId"]) == ("arn:aws:iam::9:user/sf", "X_1")
    assert parameters["ExpireDays"] == "90"


def test_a_plan_that_replaces_says_so():
    change = Change("change", "Bucket", "AWS::S3::Bucket", replaces=True, properties=("BucketName",))
    text = render(Plan("id", creates=False, changes=(change,), parameters={}))
    assert "~ Bucket" in text and "BucketName" in text and "REPLACES" in text


def expect(error: type[CandlewickError], result: Result, *parts: str) -> None:
    assert isinstance(result.exception, error), result.output
    line = str(result.exception)
    assert "\n" not in line
    for part in parts:
        assert part in line, line


def test_a_lake_that_is_no_bucket(aws, settings):
    settings.write_text('lake = "/data/lake"\n')
    expect(ConfigError, run(settings), "lake = 's3://bucket/path'", "'/data/lake'")


def test_a_key_that_is_no_arn(aws, settings):
    settings.write_text(settings.read_text() + '[s3]\nserver_side_encryption = "aws:kms"\nkms_key_id = "alias/tape"\n')
    expect(ConfigError, run(settings), "ARN", "'alias/tape'")


def test_another_stores_endpoint(aws, settings):
    settings.write_text(settings.read_text() + '[s3]\nendpoint = "https://s3.example.com"\n')
    expect(SetupError, run(settings), "https://s3.example.com")


def test_no_credentials(aws, settings, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    expect(SetupError, run(settings), "no credentials were found", "`profile` in [s3]")


def test_no_region(aws, settings, monkeypatch):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION")
    expect(SetupError, run(settings), "no region is set", "`region` in [s3]")


def test_an_unknown_profile(aws, settings):
    settings.write_text(settings.read_text() + '[s3]\nprofile = "nobody"\n')
    expect(LakeError, run(settings), "nobody", "`profile` in [s3]")


def test_aws_out_of_reach(settings, aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    expect(SetupError, run(settings), "http://127.0.0.1:1", "`region` in [s3]")


def test_a_bucket_that_somebody_else_has(aws, settings):
    bucket = {"Bucket": "tape-of-mine", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
    client(aws, "s3").create_bucket(**bucket)
    expect(SetupError, run(settings, "--yes"), "stack 'candlewick'")


def test_a_stack_that_fails_says_which_resource_and_why(aws):
    """moto's stacks never fail: AWS's answers are given here as its documents show them."""
    cloudformation = client(aws, "cloudformation")
    reason = "tape-of-mine already exists (Service: S3, Status Code: 409)"
    rolled_back = {"StackName": "candlewick", "StackStatus": "ROLLBACK_COMPLETE", "CreationTime": NOW}
    events = [
        ("candlewick", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed"),
        ("RecorderRole", "CREATE_FAILED", "Resource creation cancelled"),
        ("Bucket", "CREATE_FAILED", reason),
    ]
    with Stubber(cloudformation) as answers:
        answers.add_response("execute_change_set", {})
        answers.add_response("describe_stacks", {"Stacks": [rolled_back]})
        answers.add_response("describe_stack_events", {"StackEvents": [_event(*event) for event in events]})
        with pytest.raises(SetupError) as caught:
            Stack(cloudformation, "candlewick").apply(Plan("id", creates=True, changes=(), parameters={}))
    assert str(caught.value) == f"the stack 'candlewick': Bucket: {reason}"


def test_a_new_stack_takes_in_the_bucket_that_an_older_one_left(aws):
    """moto imports nothing: what is asked is what AWS's documents ask for, and its answer is the one that they show."""
    cloudformation = client(aws, "cloudformation")
    asked: list[dict[str, Any]] = []
    cloudformation.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: asked.append(params)
    )
    taken = {"Action": "Import", "LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket"}
    made = {
        "ChangeSetId": "id",
        "Status": "CREATE_COMPLETE",
        "Changes": [{"Type": "Resource", "ResourceChange": taken}],
    }
    with Stubber(cloudformation) as answers:
        answers.add_client_error("describe_stacks", "ValidationError", "Stack with id candlewick does not exist")
        answers.add_response("create_change_set", {"Id": "id"})
        for _ in range(2):
            answers.add_response("describe_change_set", made)
        plan = Stack(cloudformation, "candlewick").plan({"BucketName": "tape-of-mine"})
    assert [(each.action, each.name) for each in plan.changes] == [("import", "Bucket")]
    [request] = asked
    assert request["ImportExistingResources"] and request["ChangeSetType"] == "CREATE"
    assert 'BucketName: "tape-of-mine"' in request["TemplateBody"]
    assert "BucketName: !Ref BucketName" not in request["TemplateBody"]
    assert plan.takes_in and "DeploymentMode" not in request


@pytest.mark.parametrize("action", ["SyncWithActual", "Dynamic", "SomethingNew"])
def test_what_was_taken_in_is_then_made_what_the_template_says(aws, action):
    """moto knows no drift: what is asked is what AWS's documents ask for."""
    cloudformation = client(aws, "cloudformation")
    asked: list[dict[str, Any]] = []
    cloudformation.meta.events.register(
        "provide-client-params.cloudformation.CreateChangeSet", lambda params, **_: asked.append(params)
    )
    there = {"StackName": "candlewick", "StackStatus": "CREATE_COMPLETE", "CreationTime": NOW}
    change = {"Action": action, "LogicalResourceId": "Bucket", "ResourceType": "AWS::S3::Bucket"}
    made = {"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange": change}]}
    with Stubber(cloudformation) as answers:
        for _ in range(2):
            answers.add_response("describe_stacks", {"Stacks": [there]})
        answers.add_response("create_change_set", {"Id": "id"})
        for _ in range(2):
            answers.add_response("describe_change_set", made)
        plan = Stack(cloudformation, "candlewick").plan({"BucketName": "tape-of-mine"}, reverts_drift=True)
    [request] = asked
    assert request["DeploymentMode"] == "REVERT_DRIFT" and request["ChangeSetType"] == "UPDATE"
    assert "~ Bucket" in render(plan) and not plan.takes_in


def test_a_stack_whose_making_failed_before_must_be_deleted_first(aws):
    cloudformation = client(aws, "cloudformation")
    rolled_back = {"StackName": "candlewick", "StackStatus": "ROLLBACK_COMPLETE", "CreationTime": NOW}
    with Stubber(cloudformation) as answers:
        answers.add_response("describe_stacks", {"Stacks": [rolled_back]})
        with pytest.raises(SetupError, match=r"ROLLBACK_COMPLETE.*aws cloudformation delete-stack"):
            Stack(cloudformation, "candlewick").plan({})


def _event(name: str, status: str, reason: str) -> dict[str, Any]:
    return {
        "StackId": "id",
        "EventId": f"{name}-{status}",
        "StackName": "candlewick",
        "Timestamp": NOW,
        "LogicalResourceId": name,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }
