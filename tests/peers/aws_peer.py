"""AWS as near as it gets without an account: moto's server, with two gaps of its CloudFormation filled.

moto keeps no outputs of a stack that a change set made, and lists no change where only parameters differ. What its
CloudFormation leaves out altogether (bucket policy, lifecycle, notification, updates of a role's trust) is checked on
the resolved template instead: `resolve` does what CloudFormation does with Ref, Sub, GetAtt, If, Equals and Not.
"""

import logging
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import yaml

from candlewick.setup.stack import TEMPLATE

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}
_Omit = object()


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto on a free port of this host until the block ends; empty, though the servers of a process share all."""
    # Seconds, which a worker need not wait for that only collects the tests of others.
    from moto.cloudformation.models import CloudFormationBackend  # noqa: PLC0415
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    execute = CloudFormationBackend.execute_change_set

    def execute_and_keep_outputs(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
        execute(self, change_set_name, stack_name)
        for stack in self.stacks.values():
            stack._parse_template()
            stack.output_map = stack._create_output_map()

    CloudFormationBackend.execute_change_set = execute_and_keep_outputs  # type: ignore[method-assign]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
    try:
        yield url
    finally:
        server.stop()
        CloudFormationBackend.execute_change_set = execute  # type: ignore[method-assign]


def client(url: str, service: str, **credentials: str) -> Any:
    """Return boto3's client of a service on moto."""
    given = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=url, region_name=REGION, **given)  # type: ignore[call-overload]


def check_rights(url: str, after: str) -> None:
    """Have moto check credentials and rights after so many requests; `inf`: never."""
    headers = {"Content-Type": "text/plain"}
    reset = urllib.request.Request(f"{url}/moto-api/reset-auth", data=after.encode(), headers=headers, method="POST")
    urllib.request.urlopen(reset).close()


def template() -> dict[str, Any]:
    """Return the stack's template, short forms of functions spelled out."""
    loaded: dict[str, Any] = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Loader)
    return loaded


def resolve(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the resources that CloudFormation would make of these parameters, by name, with their properties."""
    whole = template()
    names = {key: str(value.get("Default", "")) for key, value in whole["Parameters"].items()} | dict(parameters)
    names |= {"AWS::Partition": "aws", "AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::NoValue": _Omit}  # type: ignore[dict-item]
    names |= {key: key for key in whole["Resources"]}
    names["Bucket"] = names["BucketName"]
    conditions = {key: _value(test, names, {}) for key, test in whole["Conditions"].items()}
    return {
        key: _value(resource.get("Properties", {}), names, conditions)
        for key, resource in whole["Resources"].items()
        if conditions.get(resource.get("Condition"), True)
    }


def _value(node: Any, names: Mapping[str, Any], conditions: Mapping[str, Any]) -> Any:
    if isinstance(node, dict) and len(node) == 1 and (function := next(iter(node))) in _FUNCTIONS:
        return _FUNCTIONS[function](node[function], names, conditions)
    if isinstance(node, dict):
        values = {key: _value(item, names, conditions) for key, item in node.items()}
        return {key: value for key, value in values.items() if value is not _Omit}
    if isinstance(node, list):
        return [value for item in node if (value := _value(item, names, conditions)) is not _Omit]
    return node


def _sub(text: Any, names: Mapping[str, Any], conditions: Mapping[str, Any]) -> str:
    if isinstance(text, list):
        text, more = text
        names = {**names, **{key: _value(item, names, conditions) for key, item in more.items()}}
    for key, value in names.items():
        text = text.replace(f"${{{key}}}", str(value)).replace(f"${{{key}.Arn}}", _arn(key, names))
    return text


def _arn(name: str, names: Mapping[str, Any]) -> str:
    return f"arn:aws:s3:::{names['BucketName']}" if name == "Bucket" else f"arn:aws:iam::{ACCOUNT}:{name}"


_FUNCTIONS: dict[str, Any] = {
    "Ref": lambda node, names, conditions: names[node],
    "Fn::Sub": _sub,
    "Fn::GetAtt": lambda node, names, conditions: _arn(node.split(".")[0], names),
    "Fn::If": lambda node, names, conditions: _value(node[1 if conditions[node[0]] else 2], names, conditions),
    "Fn::Equals": lambda node, names, conditions: len({str(_value(item, names, conditions)) for item in node}) == 1,
    "Fn::Split": lambda node, names, conditions: str(_value(node[1], names, conditions)).split(node[0]),
    "Fn::Select": lambda node, names, conditions: _value(node[1], names, conditions)[node[0]],
    "Fn::Not": lambda node, names, conditions: not _value(node[0], names, conditions),
}


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _construct(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}  # type: ignore[arg-type]


_Loader.add_multi_constructor("!", _construct)
