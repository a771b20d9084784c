"""An `s3://` lake's store: where it is, whose credentials open it, and how an object is put where none is.

Credentials come from AWS's own chain, never from the settings: the environment, a web identity (Kubernetes), the
host's role (EC2, ECS), natively; a profile or a role to assume by boto3, from the extra `aws`.
"""

import ipaddress
import os
import re
from datetime import UTC, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import obstore
import stamina
import structlog
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from candlewick.config import S3Settings
from candlewick.errors import LakeError
from candlewick.lake.s3_errors import code_of, explain

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Credential, S3CredentialProvider

URL = re.compile(r"s3a?://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")
_RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_CLIENT: "ClientConfig" = {"connect_timeout": "5s", "timeout": "30s"}
_NO_CONDITION = frozenset({"NotImplemented", "InvalidArgument", "InvalidRequest"})
# boto3 hands out credentials that live for 10 minutes at least, so what is kept for 5 has not expired when it is used.
_KEEP = timedelta(minutes=5)
_log = structlog.get_logger()


class Bucket:
    """A bucket's path, opened. `store` reads, lists and overwrites; `put_absent` never overwrites.

    A store without conditional put (`conditional_put = "off"`, or found out by asking once) is looked at before each
    put. That is enough for one recorder of a name, which is the rule; two of one name are then no longer told apart.
    """

    def __init__(self, url: str, settings: S3Settings, probe: str) -> None:
        """Open `s3://bucket/path`; `probe` names an object of no meaning. Raises `LakeError`, sends nothing."""
        self.url = url
        self.store = _open(url, settings)
        self._probe = probe
        self._mode = settings.conditional_put
        self._conditional: bool | None = False if self._mode == "off" else None

    def check(self) -> None:
        """Find out whether the store refuses to overwrite. Raises `LakeError` where it must and does not."""
        if self._mode == "off":
            return
        conditional = self._refuses_to_overwrite()
        if not conditional and self._mode == "on":
            raise LakeError(f'{self.url}: the store has no conditional put; set conditional_put = "auto" in [s3]')
        if not conditional:
            _log.warning("no conditional put", lake=self.url, instead="look, then put: keep recorders' names distinct")
        self._conditional = conditional

    def put_absent(self, name: str, content: bytes) -> None:
        """Put an object where none is. Raises obstore's `AlreadyExistsError` where one is, its other errors as is."""
        if self._conditional is None:
            self.check()
        if self._conditional:
            self._create(name, content)
        else:
            self._look_first(name, content)

    def _create(self, name: str, content: bytes) -> None:
        for attempt in stamina.retry_context(on=_is_conflict, attempts=5, timeout=20):
            with attempt:
                obstore.put(self.store, name, content, mode="create", use_multipart=False)

    def _look_first(self, name: str, content: bytes) -> None:
        try:
            obstore.head(self.store, name)
        except FileNotFoundError as error:
            if code_of(str(error)) == "NoSuchBucket":
                raise
            obstore.put(self.store, name, content, use_multipart=False)
        else:
            raise AlreadyExistsError(name)

    def _refuses_to_overwrite(self) -> bool:
        obstore.put(self.store, self._probe, b"candlewick\n", use_multipart=False)
        try:
            self._create(self._probe, b"candlewick\n")
        except AlreadyExistsError:
            return True
        except BaseError as error:
            if code_of(str(error)) in _NO_CONDITION:
                return False
            raise
        return False


def reason(error: Exception) -> str | None:
    """Return one line that says what a store's error means and what to do; None where only its own text helps."""
    return explain(str(error))


def _is_conflict(error: Exception) -> bool:
    """A 409 is no answer: another put of this name was under way, and may fail. S3 says to put again.

    obstore reports it as it reports a name that is taken (412). Source: AWS, "Conditional writes".
    """
    return isinstance(error, AlreadyExistsError) and code_of(str(error)) == "ConditionalRequestConflict"


def _open(url: str, settings: S3Settings) -> S3Store:
    match = URL.fullmatch(url)
    if match is None:
        raise LakeError(f"{url}: expected a lake such as 's3://my-bucket/path' (a bucket's name is lower case)")
    bucket, path = match[1], (match[2] or "").strip("/")
    endpoint = settings.endpoint or _endpoint_of_environment()
    client = _CLIENT | {"allow_http": True} if endpoint.startswith("http://") else _CLIENT
    return S3Store(
        bucket,
        prefix=path or None,
        config=_config(bucket, endpoint, settings),
        client_options=client,
        retry_config=_RETRY,
        credential_provider=_credentials(settings),
    )


def _endpoint_of_environment() -> str:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")


def _config(bucket: str, endpoint: str, settings: S3Settings) -> "S3Config":
    """The options of the store; what is not given here comes from `AWS_*` variables."""
    given = {
        "region": settings.region,
        "endpoint": endpoint,
        "server_side_encryption": settings.server_side_encryption,
        "sse_kms_key_id": settings.kms_key_id,
        "web_identity_token_file": settings.web_identity_token_file,
        "role_arn": settings.role_arn if settings.web_identity_token_file else "",
    }
    config: dict[str, str | bool] = {key: value for key, value in given.items() if value}
    in_host = not settings.path_style and "." not in bucket and _takes_subdomains(endpoint)
    if in_host and endpoint:
        config["endpoint"] = endpoint.replace("://", f"://{bucket}.", 1)
    return cast("S3Config", config | {"virtual_hosted_style_request": in_host})


def _takes_subdomains(endpoint: str) -> bool:
    """Whether a bucket can be named in the host: not before an IP address, and nobody resolves it for localhost."""
    host = urlsplit(endpoint).hostname
    if host is None:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost"
    return False


def _credentials(settings: S3Settings) -> "S3CredentialProvider | None":
    """Return boto3's chain where the store's own does not reach: a profile, or a role to assume."""
    if settings.web_identity_token_file:
        if os.environ.get("AWS_ACCESS_KEY_ID"):
            raise LakeError("AWS_ACCESS_KEY_ID would go before web_identity_token_file in [s3]; unset one of them")
        return None
    if not (settings.profile or settings.role_arn or _has_profiles()):
        return None
    if not (settings.profile or settings.role_arn) and find_spec("boto3") is None:
        return None
    return _from_boto3(settings)


def _has_profiles() -> bool:
    """Whether AWS's files are where its chain would look, and no variables go before them."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return False
    file = os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    return "AWS_PROFILE" in os.environ or Path(file).expanduser().exists()


def boto3_session(settings: S3Settings) -> Any:  # noqa: ANN401 - boto3 has no types
    """Return boto3's session for the settings' profile and region. Raises `LakeError` where it cannot be made."""
    try:
        import boto3  # noqa: PLC0415
        from botocore.exceptions import ProfileNotFound  # noqa: PLC0415
    except ImportError:
        raise LakeError("a profile, a role and AWS's set-up need the extra: pip install 'candlewick[aws]'") from None
    region = settings.region or os.environ.get("AWS_REGION")  # boto3 itself knows AWS_DEFAULT_REGION only
    try:
        return boto3.Session(profile_name=settings.profile or None, region_name=region)
    except ProfileNotFound as error:
        raise LakeError(f"{error}; correct `profile` in [s3], or run `aws configure`") from None


def _from_boto3(settings: S3Settings) -> "S3CredentialProvider | None":
    session = boto3_session(settings)
    if settings.role_arn:
        sts = session.client("sts", region_name=session.region_name or "us-east-1")
        return partial(_assume, sts, settings.role_arn)
    if session.get_credentials() is None:  # boto3's chain is empty: the store's own may still find the host's role
        return None
    from obstore.auth.boto3 import Boto3CredentialProvider  # noqa: PLC0415

    return Boto3CredentialProvider(session, ttl=_KEEP)


def _assume(sts: Any, role_arn: str) -> "S3Credential":  # noqa: ANN401 - boto3 makes its clients at run time
    """Assume a role for an hour; the store asks again before it is over.

    obstore's own provider hands on boto3's time zone, which the store refuses.
    """
    keys = sts.assume_role(RoleArn=role_arn, RoleSessionName="candlewick")["Credentials"]
    return {
        "access_key_id": keys["AccessKeyId"],
        "secret_access_key": keys["SecretAccessKey"],
        "token": keys["SessionToken"],
        "expires_at": keys["Expiration"].astimezone(UTC),
    }
