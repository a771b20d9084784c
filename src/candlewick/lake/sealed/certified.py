"""What a certificate says of its sealed file, for who does not check proofs: which file it is, and what is in it."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from candlewick.errors import TornObjectError
from candlewick.lake.objects import Lake


class Certified(NamedTuple):
    """A sealed file as it was certified, and its content as it was read back."""

    name: str
    bytes: int
    sha256: str
    rows: int
    places: tuple[int, int]


def canonical(value: Mapping[str, Any]) -> bytes:
    """Write JSON in the one way that is signed and counted."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def certified(lake: Lake, symbol: str, day: str, digest: str) -> tuple[Certified, bytes]:
    """Return the file of a sealed day and its content, read back now.

    Raises `TornObjectError` where the certificate is not the one of that digest, or the file is not the certified one;
    `ObjectMissingError` where either is gone, `LakeError`.
    """
    name = f"{lake.prefix}/sealed/{symbol}/{day[:4]}/{symbol}-{day}.certificate.json"
    try:
        body = json.loads(lake.get(name))
        body.pop("signature", None)
        file, places = body["file"], body["places"]
        found = Certified(
            file["name"], file["bytes"], file["sha256"], body["count"], (places["price"], places["quantity"])
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TornObjectError(f"{name}: expected a certificate, got another text: {error}") from None
    if sha256(canonical(body)).hexdigest() != digest:
        raise TornObjectError(f"{name}: not the certificate that was told of; restore it from a copy")
    content = lake.get(found.name)
    if sha256(content).hexdigest() != found.sha256:
        raise TornObjectError(
            f"{found.name}: not the file that was certified; `candlewick seal --day {day}` may restore it"
        )
    return found, content
