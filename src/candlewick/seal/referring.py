"""References to a sealed day: the objects that lead whoever reads raw objects to its file."""

from candlewick.errors import ObjectExistsError, TornObjectError
from candlewick.lake import manifest as manifests
from candlewick.lake.manifest import Manifest, SealedPart
from candlewick.lake.objects import Lake, pack, unpack
from candlewick.lake.sealed.reference import references
from candlewick.process.crashpoint import crashpoint
from candlewick.seal.certificate import Certificate


def refer(lake: Lake, certificate: Certificate, content: bytes, evidence: list[bytes]) -> list[str]:
    """Make the references to a sealed day durable, `content` is its file's; return their names.

    Raises `LakeError`. Made again, they say the same, in whatever bytes another version wrote them.
    """
    body, day = certificate.body, (certificate.symbol, certificate.day)
    parts = {kind: SealedPart(body[kind]["name"], body[kind]["sha256"]) for kind in ("file", "evidence")}
    made = references(lake.prefix, *day, content, parts["file"], parts["evidence"], evidence, body["sealed_at"])
    names = []
    for reference in made:
        crashpoint("before reference")
        _put(lake, reference.name, reference.manifest)
        crashpoint("after reference")
        names.append(reference.name)
    return names


def _put(lake: Lake, name: str, manifest: Manifest) -> None:
    try:
        lake.put_absent(name, pack([], manifest))
    except ObjectExistsError:
        if unpack(name, lake.get(name)).manifest != manifests.decode(manifests.encode(manifest)):
            raise TornObjectError(f"{name}: expected a reference to a sealed day, got another object") from None
