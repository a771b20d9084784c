"""The Terraform of the lake says what the CloudFormation template says: the same rights, statement by statement."""

import re
from pathlib import Path

import pytest

from peers.aws_peer import resolve

TEXT = (Path(__file__).parents[2] / "deploy/terraform/aws.tf").read_text()
BASE = {"BucketName": "tape", "Folder": "binance/", "KmsKeyArn": "arn:aws:kms:eu-west-1:1:key/k"}


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
    wanted.pop("Tls12", None)
    assert found == {sid: {action} if isinstance(action, str) else set(action) for sid, action in wanted.items()}


def test_nobody_may_replace_an_object_there_either():
    text = block('data "aws_iam_policy_document" "lake"')
    never = text[text.index("NeverReplace") :]
    assert 'variable = "s3:if-none-match"' in never and 'variable = "s3:ObjectCreationOperation"' in never
    assert "[local.raw_arn, local.sealed_arn]" in never
