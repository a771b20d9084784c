"""A CloudFormation stack: planned as a change set, and applied when the user says so.

The template is `stack.yaml` beside this module. Planning changes nothing; a plan that is not applied is discarded.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import Any, NamedTuple

from candlewick.errors import SetupError

TEMPLATE = resources.files("candlewick.setup") / "stack.yaml"
WIRES = ("SnowflakeUserArn", "SnowflakeExternalId", "PipeQueueArn")
"""The template's parameters that Snowflake gives, rather than the settings."""

_NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
_UNUSABLE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"})
_ACTIONS = {"Add": "add", "Modify": "change", "Remove": "remove", "Import": "import", "Dynamic": "change"}
_SIGNS = {"add": "+", "change": "~", "remove": "-", "import": "<"}

_LOGIN = "AWS does not know this access key or its secret; correct the AWS_* variables, or `profile` in [s3]"
_EXPIRED = "the session's token has expired; sign in again (`aws sso login`, or new AWS_* variables)"
_BY_CODE = {
    "InvalidClientTokenId": _LOGIN,
    "SignatureDoesNotMatch": _LOGIN,
    "UnrecognizedClientException": _LOGIN,
    "AuthFailure": _LOGIN,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "OperationInProgressException": "another change of this stack is under way; wait for it and run this again",
    "InsufficientCapabilitiesException": "the stack makes IAM roles, which these credentials may not acknowledge",
    "LimitExceededException": "the account has as many stacks as it may; delete one or ask AWS for more",
}
_BY_KIND = {
    "NoCredentialsError": "no credentials were found; set AWS_ACCESS_KEY_ID and its secret, or `profile` in [s3]",
    "PartialCredentialsError": "half of the credentials is missing; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "NoRegionError": "no region is set; set `region` in [s3]",
    "SSOTokenLoadError": _EXPIRED,
    "UnauthorizedSSOTokenError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
}


class Change(NamedTuple):
    """What would happen to one resource, and to which of its properties."""

    action: str
    name: str
    kind: str
    replaces: bool
    properties: tuple[str, ...]


class Plan(NamedTuple):
    """A change set: what applying it would do. `parameters` are those that would change, old and new."""

    change_set: str
    creates: bool
    changes: tuple[Change, ...]
    parameters: dict[str, tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        """Whether the stack already is as it should be."""
        return not (self.changes or self.parameters)

    @property
    def takes_in(self) -> bool:
        """Whether something that is there becomes the stack's: as it is, whatever the template says of it."""
        return any(change.action == "import" for change in self.changes)


class Stack:
    """A CloudFormation stack of an account and region, by its name."""

    def __init__(self, client: Any, name: str, *, wait_seconds: float = 3.0) -> None:  # noqa: ANN401 - made at run time
        """Take a CloudFormation client of boto3."""
        self.name = name
        self._client = client
        self._wait: dict[str, Any] = {"Delay": wait_seconds, "MaxAttempts": 400}

    @property
    def region(self) -> str:
        """Where the stack is."""
        return str(self._client.meta.region_name)

    def parameters(self) -> dict[str, str]:
        """Return the stack's parameters; none where there is no stack."""
        return {item["ParameterKey"]: item["ParameterValue"] for item in (self._describe() or {}).get("Parameters", [])}

    def outputs(self) -> dict[str, str]:
        """Return what the stack made, by the names of the template's outputs. Raises `SetupError` without a stack."""
        stack = self._describe()
        if stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS":
            raise SetupError(f"there is no stack {self.name!r} in {self.region}; run `candlewick setup aws` first")
        return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}

    def plan(self, wanted: Mapping[str, str], *, reverts_drift: bool = False) -> Plan:
        """Ask AWS what it would do for these parameters; wires not among them stay as they are. Raises `SetupError`.

        Where it `reverts_drift`, resources are compared as they are, and not as the stack remembers them ("Using
        drift-aware change sets").
        """
        stack = self._describe()
        status = stack["StackStatus"] if stack else None
        if status in _UNUSABLE:
            raise SetupError(
                f"the stack {self.name!r} is in {status}: its making failed before; "
                f"delete it (`aws cloudformation delete-stack --stack-name {self.name}`) and run this again"
            )
        creates = status in (None, "REVIEW_IN_PROGRESS")
        current = {} if creates else self.parameters()
        kept = {key: current[key] for key in WIRES if key in current}
        change_set = self._create_change_set({**kept, **wanted}, creates=creates, reverts_drift=reverts_drift)
        differing = {} if creates else _differences(current, wanted)
        return self._read(change_set, creates, differing)

    def apply(self, plan: Plan) -> None:
        """Do what was planned and wait until it is done. Raises `SetupError` with AWS's reason."""
        waiter = "stack_create_complete" if plan.creates else "stack_update_complete"
        with one_line(f"the stack {self.name!r}", self._failure):
            self._client.execute_change_set(StackName=self.name, ChangeSetName=plan.change_set)
            self._client.get_waiter(waiter).wait(StackName=self.name, WaiterConfig=self._wait)

    def discard(self, plan: Plan) -> None:
        """Remove a plan, and the empty stack that planning a new one makes."""
        with one_line(f"the stack {self.name!r}"):
            self._client.delete_change_set(StackName=self.name, ChangeSetName=plan.change_set)
            if plan.creates:
                self._client.delete_stack(StackName=self.name)

    def _describe(self) -> dict[str, Any] | None:
        with one_line(f"the stack {self.name!r}"):
            try:
                stack: dict[str, Any] = self._client.describe_stacks(StackName=self.name)["Stacks"][0]
            except self._client.exceptions.ClientError as error:
                if "does not exist" in str(error):
                    return None
                raise
            return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def _create_change_set(self, parameters: Mapping[str, str], *, creates: bool, reverts_drift: bool) -> str:
        """Have a change set made; a new stack takes in the bucket that an older one left, if it is this account's.

        AWS finds it by its name, which it wants as a constant ("Import AWS resources into a CloudFormation stack
        automatically": "Dynamic names (using !Ref or other functions) are not currently supported"). It is one in
        every template, so that the next one differs in nothing from the first.
        """
        template = TEMPLATE.read_text(encoding="utf-8")
        if "BucketName" in parameters:
            template = template.replace("BucketName: !Ref BucketName", f'BucketName: "{parameters["BucketName"]}"')
        with one_line(f"the stack {self.name!r}"):
            answer = self._client.create_change_set(
                StackName=self.name,
                ChangeSetName=f"candlewick-{secrets.token_hex(6)}",
                ChangeSetType="CREATE" if creates else "UPDATE",
                TemplateBody=template,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                Capabilities=["CAPABILITY_IAM"],
                ImportExistingResources=creates,
                **({"DeploymentMode": "REVERT_DRIFT"} if reverts_drift else {}),
            )
        return str(answer["Id"])

    def _read(self, change_set: str, creates: bool, parameters: dict[str, tuple[str, str]]) -> Plan:
        """Wait for a change set and read it; one without changes is removed at once."""
        import botocore.exceptions  # noqa: PLC0415

        with one_line(f"the stack {self.name!r}"):
            waiter = self._client.get_waiter("change_set_create_complete")
            try:
                waiter.wait(ChangeSetName=change_set, StackName=self.name, WaiterConfig={**self._wait, "Delay": 1})
            except botocore.exceptions.WaiterError as error:
                reason = str((error.last_response or {}).get("StatusReason", error))
                self._client.delete_change_set(ChangeSetName=change_set, StackName=self.name)
                if any(text in reason for text in _NO_CHANGE):
                    return Plan(change_set, creates, (), {})
                raise SetupError(f"the stack {self.name!r} cannot be planned: {reason}") from None
            pages = self._client.get_paginator("describe_change_set").paginate(
                ChangeSetName=change_set, StackName=self.name
            )
            changes = tuple(_change(item["ResourceChange"]) for page in pages for item in page["Changes"])
        return Plan(change_set, creates, changes, parameters)

    def _failure(self) -> str | None:
        """Return why the last operation failed: the first event that says so."""
        events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
        if not failed:
            return None
        return f"{failed[0]['LogicalResourceId']}: {failed[0].get('ResourceStatusReason', 'no reason given')}"


def _differences(current: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    old = {key: current.get(key, "") for key in wanted}
    return {key: (old[key], value) for key, value in wanted.items() if old[key] != value}


def _change(resource: Mapping[str, Any]) -> Change:
    targets = (detail.get("Target", {}) for detail in resource.get("Details", []))
    properties = tuple(dict.fromkeys(target["Name"] for target in targets if target.get("Name")))
    return Change(
        _ACTIONS.get(resource["Action"], "change"),
        resource["LogicalResourceId"],
        resource["ResourceType"],
        resource.get("Replacement") == "True",
        properties,
    )


@contextmanager
def one_line(place: str, failure: Callable[[], str | None] | None = None) -> Iterator[None]:
    """Turn boto3's errors into `SetupError`s; `failure` knows more about one that was waited for."""
    import botocore.exceptions  # noqa: PLC0415

    try:
        yield
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        reason = failure() if failure and isinstance(error, botocore.exceptions.WaiterError) else None
        raise SetupError(f"{place}: {reason or explain(error)}") from error


def render(plan: Plan) -> str:
    """Return one line per resource and parameter that would change, and a sum."""
    lines = [_line(change, max(len(item.name) for item in plan.changes)) for change in plan.changes]
    lines += [f"    {key}: {old or '(empty)'} → {new or '(empty)'}" for key, (old, new) in plan.parameters.items()]
    counts = {action: sum(change.action == action for change in plan.changes) for action in ("add", "change", "remove")}
    lines.append(f"{counts['add']} to add, {counts['change']} to change, {counts['remove']} to remove")
    return "\n".join(lines)


def render_outputs(outputs: Mapping[str, str]) -> str:
    """Return the stack's outputs, one per line."""
    width = max(map(len, outputs), default=0)
    return "\n".join(f"  {key:<{width}}  {outputs[key]}" for key in sorted(outputs))


def _line(change: Change, width: int) -> str:
    fate = "  REPLACES it (the old one is kept, no longer managed)" if change.replaces else ""
    properties = f"  {', '.join(change.properties)}" if change.properties else ""
    return f"  {_SIGNS[change.action]} {change.name:<{width}}  {change.kind}{properties}{fate}"


def explain(error: Exception) -> str:
    """Return what an error of boto3 means, in one line that ends with the next step."""
    known = _BY_KIND.get(type(error).__name__) or _BY_CODE.get(_code(error))
    if known:
        return known
    text = " ".join(str(error).split())
    if _code(error) in {"AccessDenied", "AccessDeniedException"}:
        return f"{_message(error)}; run this as an administrator of the account, or ask one for that right"
    if type(error).__name__ in {"EndpointConnectionError", "ConnectTimeoutError"}:
        return f"{text}; check `region` in [s3] and the way to the internet"
    return text


def _code(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def _message(error: Exception) -> str:
    return " ".join(str(getattr(error, "response", {}).get("Error", {}).get("Message", error)).split())
