"""Terraform says what the CloudFormation template and setup.sql say: the same rights, statement by statement."""

import json
import re
from pathlib import Path

import pytest

from candlewick.config import Settings
from candlewick.setup.sql import render
from peers.aws_peer import resolve, template

TEXT = (Path(__file__).parents[2] / "deploy/terraform/aws.tf").read_text()
OIDC = {
    "OidcProviderArn": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
    "OidcSubject": "repo:me/tape:ref:refs/heads/main",
}
SNAKE = {"BucketName": "bucket"}
BASE = {"BucketName": "tape", "Folder": "binance/", "KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def block(start: str) -> str:
    """The block that opens with a line, to the brace that closes it."""
    begin = TEXT.index(start)
    depth = 0
    for match in re.finditer(r"[{}]", TEXT[begin:]):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return TEXT[begin : begin + match.end()]
    raise AssertionError(f"{start} is not closed")


@pytest.mark.parametrize(
    ("document", "resource"), [("recorder", "RecorderPolicy"), ("reader", "ReaderPolicy"), ("lake", "BucketPolicy")]
)
def test_every_statement_of_the_template_is_there_with_its_actions(document, resource):
    text = block(f'data "aws_iam_policy_document" "{document}"')
    found = {
        sid: set(re.findall(r'"([^"]+)"', actions))
        for sid, actions in re.findall(r'sid\s+= "(\w+)".*?actions\s+= \[([^\]]+)\]', text, re.DOTALL)
    }
    wanted = {each["Sid"]: each["Action"] for each in resolve(BASE)[resource]["PolicyDocument"]["Statement"]}
    assert found == {sid: {action} if isinstance(action, str) else set(action) for sid, action in wanted.items()}


def test_nobody_may_replace_an_object_there_either():
    text = block('data "aws_iam_policy_document" "lake"')
    never = text[text.index("NeverReplace") :]
    assert 'variable = "s3:if-none-match"' in never and 'variable = "s3:ObjectCreationOperation"' in never
    assert "[local.raw_arn, local.sealed_arn]" in never


def test_its_outputs_and_variables_are_those_of_the_template():
    here = Path(__file__).parents[2] / "deploy/terraform"
    outputs = set(re.findall(r'^output "(\w+)"', (here / "outputs.tf").read_text(), re.MULTILINE))
    variables = set(re.findall(r'^variable "(\w+)"', (here / "variables.tf").read_text(), re.MULTILINE))
    whole = template()
    assert outputs == {SNAKE.get(name) or snake(name) for name in whole["Outputs"]} - {"bucket"}
    assert variables == {SNAKE.get(name) or snake(name) for name in whole["Parameters"]}
    assert variables <= set(re.findall(r"\bvar\.(\w+)", TEXT))


def test_the_recorders_web_role_lets_one_subject_in():
    text = block('data "aws_iam_policy_document" "recorder_web_trust"')
    [statement] = json.loads(resolve(BASE | OIDC)["RecorderWebRole"]["AssumeRolePolicyDocument"])["Statement"]
    assert f'actions = ["{statement["Action"]}"]' in text and text.count('"StringEquals"') == 2
    assert [key.rpartition(":")[2] for key in statement["Condition"]["StringEquals"]] == ["aud", "sub"]
    assert "values   = [var.oidc_subject]" in text and "values   = [var.oidc_audience]" in text


def test_raw_objects_expire_and_cool_where_it_is_asked_for():
    rules = resolve(BASE | {"ExpireDays": "30", "ColdDays": "7"})["Bucket"]["LifecycleConfiguration"]["Rules"]
    text = block('resource "aws_s3_bucket_lifecycle_configuration" "lake"')
    assert re.findall(r'\bid\s+= "(\w+)"', text) == [rule["Id"] for rule in rules]
    assert rules[-1]["Transitions"][0]["StorageClass"] in text


ACCOUNT = (Path(__file__).parents[2] / "deploy/terraform/snowflake/main.tf").read_text()
SQL = render("setup", Settings(warehouse="snowflake", lake="s3://tape"), "arn:aws:iam::123456789012:role/snowflake")
ROLES = {"CANDLEWICK_LOADER": "loader", "CANDLEWICK_TRANSFORMER": "transformer", "CANDLEWICK_READER": "reader"}


def listed(name: str) -> dict[str, list[str]]:
    """A map of lists among the locals."""
    start = ACCOUNT.index(f"  {name} = {{")
    lines = ACCOUNT[start : ACCOUNT.index("\n  }", start)].splitlines()[1:]
    return {key: re.findall(r'"([^"]+)"', values) for key, _, values in (line.partition("=") for line in lines)}


def test_roles_may_in_schemas_and_warehouses_what_the_set_up_grants_them():
    granted: dict[str, set[str]] = {}
    for rights, schema, role in re.findall(r"GRANT ([A-Z, ]+) ON SCHEMA CRYPTO_DB\.(\w+) TO ROLE (\w+)", SQL):
        granted.setdefault(f"{ROLES[role]} on {schema}", set()).update(rights.split(", "))
    found = {key.strip().strip('"'): set(values) for key, values in listed("schema_privileges").items()}
    assert found == granted and len(found) > 6
    usage = re.findall(r"GRANT USAGE ON WAREHOUSE (\w+) TO ROLE (\w+)", SQL)
    names = {"CANDLEWICK_WH": "models", "CANDLEWICK_READER_WH": "readers"}
    assert sorted(listed("warehouse_usage").values()) == sorted([ROLES[role], names[name]] for name, role in usage)


def test_warehouses_and_the_monitor_are_those_of_the_set_up():
    for block_of, name in (("models", "CANDLEWICK_WH"), ("readers", "CANDLEWICK_READER_WH")):
        made = re.search(rf"CREATE WAREHOUSE IF NOT EXISTS {name}(.*?);", SQL, re.DOTALL)
        assert made is not None and "XSMALL" in made[1]
        start = ACCOUNT.index(f'resource "snowflake_warehouse" "{block_of}"')
        text = " ".join(ACCOUNT[start : ACCOUNT.index("\n}", start)].split())
        assert 'warehouse_size = "XSMALL"' in text and "initially_suspended = true" in text
        timeout = re.search(rf"ALTER WAREHOUSE {name} SET .*STATEMENT_TIMEOUT_IN_SECONDS = (\d+)", SQL)
        assert timeout is not None and f"statement_timeout_in_seconds = {timeout[1]} " in text
        assert re.search(r"COMMENT = '([^']+)'", made[1])[1] in text
    assert "ON 80 PERCENT DO NOTIFY ON 100 PERCENT DO SUSPEND" in SQL
    assert "notify_triggers = [80]" in ACCOUNT and "suspend_trigger = 100" in ACCOUNT
