"""The `[section]`s of what runs elsewhere: the object store and Snowflake. No key of theirs can hold a secret."""

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from candlewick.config.sections import UNFIT, Section, web_address

SECRET = "secret"
"""The type of an error about a key that would hold a secret: its value must not be repeated."""

_SECRETS = ("access_key", "secret", "session_token", "password", "passcode", "private_key", "token", "credential")
_NO_SECRETS = frozenset({"web_identity_token_file"})
_PLAIN_NAME = re.compile(r"[A-Z_][A-Z0-9_$]{0,254}")


class RemoteSection(Section):
    """A section about something that wants credentials, which come by `chain` and never from the settings."""

    chain: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _no_secrets(cls, values: object) -> object:
        for key in values if isinstance(values, dict) else ():
            if key not in _NO_SECRETS and any(part in str(key).lower() for part in _SECRETS):
                raise PydanticCustomError(
                    SECRET,
                    "a secret has no place in the settings; remove this key and use {chain}",
                    {"key": key, "chain": cls.chain},
                )
        return values


def _identifier(name: str) -> str:
    """An object's name, in the upper case in which Snowflake stores a name that SQL does not quote."""
    if not _PLAIN_NAME.fullmatch(name.upper()):
        raise ValueError(f"expected a plain Snowflake name such as 'CRYPTO_DB' of letters, digits and _, got {name!r}")
    return name.upper()


def _role(arn: str) -> str:
    """An AWS role's name, or none; its letters are IAM's ("IAM and AWS STS quotas": names, paths)."""
    if arn and not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{1,12}:role/[A-Za-z0-9+=,.@_/-]{1,576}", arn):
        raise ValueError(f"expected a role such as 'arn:aws:iam::123456789012:role/recorder', got {arn!r}")
    return arn


Role = Annotated[str, AfterValidator(_role)]
Identifier = Annotated[str, AfterValidator(_identifier)]


class S3Settings(RemoteSection):
    """How to reach an `s3://` lake. Empty strings leave a choice to AWS's own chain (environment, profile, host).

    `recorder_principals` and `oidc_…` say who may be the recorder's role, beside EC2 and ECS (`candlewick setup aws`).

    `conditional_put`: "on" demands put-if-absent of the store, "off" does without, "auto" asks the store once.
    """

    chain: ClassVar[str] = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, `profile` or `role_arn`"

    endpoint: str = ""
    region: str = ""
    path_style: bool = False
    profile: str = ""
    role_arn: Role = ""
    web_identity_token_file: str = ""
    server_side_encryption: Literal["", "AES256", "aws:kms"] = ""
    kms_key_id: str = ""
    conditional_put: Literal["auto", "on", "off"] = "auto"
    recorder_principals: tuple[str, ...] = ()
    oidc_provider_arn: str = Field(
        default="", pattern=r"^(arn:aws[a-z-]*:iam::\d{12}:oidc-provider/[A-Za-z0-9_./-]+)?$"
    )
    oidc_audience: str = Field(default="sts.amazonaws.com", pattern=r"^[A-Za-z0-9_.:/-]+$")
    oidc_subject: str = Field(default="", pattern=r"^[A-Za-z0-9_.:/@*-]*$")
    stack: str = Field(default="candlewick", pattern=r"^[A-Za-z][A-Za-z0-9-]{0,127}$")
    expire_days: int = Field(default=0, ge=0)
    cold_days: int = Field(default=0, ge=0)

    @field_validator("recorder_principals")
    @classmethod
    def _principals(cls, arns: tuple[str, ...]) -> tuple[str, ...]:
        for arn in arns:
            if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[A-Za-z0-9+=,.@_/-]{1,576}", arn):
                raise ValueError(f"expected a role or user such as 'arn:aws:iam::123456789012:role/me', got {arn!r}")
        return arns

    @field_validator("endpoint")
    @classmethod
    def _http(cls, endpoint: str) -> str:
        return web_address(endpoint, "https?", "https://s3.example.com") if endpoint else endpoint

    @model_validator(mode="after")
    def _fits_together(self) -> "S3Settings":
        if self.kms_key_id and self.server_side_encryption != "aws:kms":
            raise PydanticCustomError(UNFIT, "kms_key_id needs server_side_encryption = 'aws:kms'")
        if self.web_identity_token_file and not self.role_arn:
            raise PydanticCustomError(UNFIT, "web_identity_token_file needs role_arn: the role that the token is for")
        if self.oidc_provider_arn and (not self.oidc_subject or "*" in self.oidc_subject):
            raise PydanticCustomError(
                UNFIT, "oidc_provider_arn needs oidc_subject, whole: whoever else has a token of the provider stays out"
            )
        if self.expire_days and self.cold_days >= self.expire_days:
            raise PydanticCustomError(UNFIT, "cold_days must be less than expire_days")
        return self


class SnowflakeSettings(RemoteSection):
    """The warehouse on Snowflake. `connection` names one in connections.toml, which holds account, user and key.

    `visitors` names the one of the Data page, whose user has the reader's role and no other; empty: `connection`.

    `warehouse` runs the models, `reader_warehouse` what the dashboard, programs and visitors ask; one name for both
    will do. `monthly_credits` is where the resource monitor suspends them, 0 for none: the models take 170 where trades
    come all month at the default `cycle_seconds`, and readers have the rest.

    `raw_days` are days of lines kept in RAW, where the stream keeps what no cycle has taken yet; the lake keeps all.

    Seconds: `auto_suspend_seconds` before the idle warehouse suspends, `cycle_seconds` between two runs of the models,
    `publish_seconds` between two times that the embedded warehouse's tables are sent (`publish = "snowflake"`),
    `poll_seconds` between two queries of the dashboard, `streaming_lag_seconds` a row may wait in the streaming client.
    """

    chain: ClassVar[str] = "a connection in connections.toml, named by `connection`"

    connection: str = ""
    visitors: str = ""
    database: Identifier = "CRYPTO_DB"
    warehouse: Identifier = "CANDLEWICK_WH"
    reader_warehouse: Identifier = "CANDLEWICK_READER_WH"
    resource_monitor: Identifier = "CANDLEWICK_MONITOR"
    monthly_credits: int = Field(default=250, ge=0)
    auto_suspend_seconds: int = Field(default=60, ge=30)
    admin_role: Identifier = "ACCOUNTADMIN"
    loader_role: Identifier = "CANDLEWICK_LOADER"
    transformer_role: Identifier = "CANDLEWICK_TRANSFORMER"
    reader_role: Identifier = "CANDLEWICK_READER"
    storage_integration: Identifier = "CANDLEWICK_S3"
    storage_role_arn: Role = ""
    file_format: Identifier = "BINANCE_JSON"
    stage: Identifier = "BINANCE_STAGE"
    pipe: Identifier = "BINANCE_PIPE"
    cycle_seconds: float = Field(default=300.0, ge=1)
    publish_seconds: float = Field(default=3600.0, ge=60)
    raw_days: float = Field(default=2.0, gt=0.1)
    poll_seconds: float = Field(default=5.0, ge=1)
    streaming_lag_seconds: int = Field(default=1, ge=1, le=600)

    @model_validator(mode="after")
    def _distinct(self) -> "SnowflakeSettings":
        roles = (self.admin_role, self.loader_role, self.transformer_role, self.reader_role)
        if len(set(roles)) < len(roles):
            raise PydanticCustomError(UNFIT, "admin, loader, transformer and reader must be four different roles")
        return self
