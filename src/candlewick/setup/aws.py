"""AWS's side: which stack the settings ask for, and where it is."""

from candlewick.config import S3Settings, Settings
from candlewick.errors import ConfigError, SetupError
from candlewick.lake.s3 import boto3_session
from candlewick.setup.location import Location
from candlewick.setup.stack import Stack, one_line


def parameters(settings: Settings) -> dict[str, str]:
    """Return the template's parameters that follow from the settings. Raises `ConfigError`."""
    location, s3 = Location.of(settings), settings.s3
    if s3.kms_key_id and not s3.kms_key_id.startswith("arn:"):
        raise ConfigError(f"setting up AWS needs the key's ARN as kms_key_id in [s3], got {s3.kms_key_id!r}")
    return {
        "BucketName": location.bucket,
        "Folder": location.folder,
        "ExpireDays": str(s3.expire_days),
        "ColdDays": str(s3.cold_days),
        "KmsKeyArn": s3.kms_key_id,
        "ConditionalPut": "off" if s3.conditional_put == "off" else "on",
        "RecorderPrincipals": ",".join(s3.recorder_principals),
        "OidcProviderArn": s3.oidc_provider_arn,
        "OidcAudience": s3.oidc_audience,
        "OidcSubject": s3.oidc_subject,
    }


def connect(s3: S3Settings) -> tuple[Stack, str]:
    """Return the settings' stack and the account it is in. Raises `SetupError`."""
    if s3.endpoint:
        raise SetupError(f"this sets up AWS itself, and endpoint in [s3] is {s3.endpoint}; remove it for AWS")
    session = boto3_session(s3)
    with one_line("AWS"):
        account = session.client("sts").get_caller_identity()["Account"]
        return Stack(session.client("cloudformation"), s3.stack), str(account)
