"""What AWS says of the lake's bucket: whether it refuses to replace an object, and whom it tells of new ones."""

from collections.abc import Callable
from typing import Any

from candlewick.config import Settings
from candlewick.setup.checks.answers import Check, Found
from candlewick.setup.location import Location
from candlewick.setup.stack import one_line


def checks(settings: Settings) -> list[Check]:
    """All that is asked of AWS, where the lake is in a bucket there."""
    if not settings.lake_url.startswith("s3://") or settings.s3.endpoint:
        return []
    return [
        ("the bucket refuses to replace", lambda: _asked_of_aws(settings, _refuses)),
        ("S3 tells of new objects", lambda: _asked_of_aws(settings, _notifies)),
    ]


def _asked_of_aws(settings: Settings, ask: Callable[[Any, Location], Found]) -> Found:
    from candlewick.lake.s3 import boto3_session  # noqa: PLC0415

    with one_line("AWS"):
        client = boto3_session(settings.s3).client("s3")
        try:
            return ask(client, Location.of(settings))
        except client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "AccessDenied":
                return "unknown", "these credentials may not ask; run this once as who set up AWS"
            if code == "NoSuchBucketPolicy":
                return "wrong", "the bucket has no policy: `candlewick setup aws`"
            raise


def _refuses(client: Any, place: Location) -> Found:  # noqa: ANN401 - made at run time
    policy = client.get_bucket_policy(Bucket=place.bucket)["Policy"]
    if "s3:if-none-match" in policy:
        return "ok", "its policy denies every PutObject of raw and sealed objects without If-None-Match"
    return "wrong", "its policy lets a plain PutObject replace an object: `candlewick setup aws`"


def _notifies(client: Any, place: Location) -> Found:  # noqa: ANN401 - made at run time
    queues = client.get_bucket_notification_configuration(Bucket=place.bucket).get("QueueConfigurations", [])
    if not queues:
        return "wrong", "the bucket notifies nobody: `candlewick setup snowflake --apply-aws`"
    return "ok", f"to {queues[0]['QueueArn']}"
