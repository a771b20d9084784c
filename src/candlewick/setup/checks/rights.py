"""What these credentials may do in the lake's bucket: each right is tried alone, so that one that lacks is named."""

import re
from collections.abc import Callable

from candlewick.config import Settings
from candlewick.errors import LakeError
from candlewick.lake.objects import Lake
from candlewick.lake.s3_errors import DENIED, code_of
from candlewick.setup.checks.answers import Found
from candlewick.setup.location import Location

_NAMED = re.compile(r"not authorized to perform: ([a-z0-9]+:\w+)")
"""AWS says which right it missed, which may be one of the key's: kms:GenerateDataKey."""
DELETE = "s3:DeleteObject"


def rights(settings: Settings) -> Found:
    """Try them on an object of no meaning in staging, and take it away again. Raises `LakeError` for other faults."""
    lake = Lake.open(settings.lake_url, settings.prefix, settings.s3)
    name = lake.staging("doctor.probe")
    lacking = _lacking("s3:ListBucket", lambda: lake.list_folder(name.rpartition("/")[0]))
    unwritten = _lacking("s3:PutObject", lambda: lake.replace(name, b"candlewick\n"))
    lacking += unwritten
    lacking += [] if unwritten else _lacking("s3:GetObject", lambda: lake.get(name))
    unremoved = _lacking(DELETE, lambda: lake.delete(name))  # S3 refuses that, too, where there is no such object
    if lacking:
        place = Location.of(settings)
        return (
            "wrong",
            f"{settings.lake_url}: these credentials lack {', '.join(lacking + unremoved)}",
            f"allow that on arn:aws:s3:::{place.bucket} and on arn:aws:s3:::{place.bucket}/{place.folder}*, or let"
            " `candlewick setup aws` make a role; who never writes needs s3:ListBucket and s3:GetObject",
        )
    if unremoved:
        return "ok", f"may list, put and get; without {DELETE} nobody tidies up staging, nor raw objects of sealed days"
    return "ok", "may list, put, get and delete"


def _lacking(right: str, attempt: Callable[[], object]) -> list[str]:
    """The right that an attempt was refused for; none where it was made."""
    try:
        attempt()
    except LakeError as error:
        told = str(error.__cause__)
        if code_of(told) not in DENIED:
            raise
        named = _NAMED.search(told)
        return [named[1] if named else right]
    return []
