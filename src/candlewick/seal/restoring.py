"""A sealed day whose files are gone or damaged: made again from what is left, to the very bytes that were certified.

What is left are raw objects, the day's other sealed file, and what the exchange gives again. A certificate never
changes: where the bytes come out differently, the day is not sealed, and what is lost of it is said.
"""

from collections.abc import Sequence
from hashlib import sha256

import pyarrow as pa
import structlog

from candlewick.lake.sealed import file, lines
from candlewick.lake.sealed.day import Day, Gathered
from candlewick.lake.sealed.spool import Spool
from candlewick.seal import merkle
from candlewick.seal.certificate import Certificate
from candlewick.seal.seals import Kind, Seals, pack
from candlewick.spans import Spans

log = structlog.get_logger()


def lines_left(seals: Seals, certificate: Certificate, lost: Sequence[Kind]) -> list[bytes]:
    """Return the lines of a day's sealed file that is not lost, where the other one is."""
    if "file" not in lost:
        content, name = seals.content(certificate), certificate.body["file"]["name"]
        return [line for part in file.parts(content, name) for line in part.lines()]
    return [] if "evidence" in lost else seals.evidence(certificate)


def certified_ids(certificate: Certificate) -> Spans:
    """Return the trade ids of a sealed day."""
    body = certificate.body
    return Spans([(body["first_id"], body["last_id"])]).without(
        Spans((each["first"], each["last"]) for each in body["declared"])
    )


def restore(seals: Seals, certificate: Certificate, day: Day, lost: Sequence[Kind], spool: Spool) -> str:
    """Put a day's lost files back, made of what was gathered; return what is lost for now, or nothing.

    What is made lies in the spool meanwhile.

    Raises `LakeError`.
    """
    made = {"file": _file(certificate, day, spool), "evidence": pack(day.evidence)}
    left = [kind for kind in lost if sha256(made[kind]).hexdigest() != certificate.body[kind]["sha256"]]
    for kind in lost:
        if kind not in left:
            seals.put_back(certificate, kind, made[kind])
            log.info("sealed file restored", file=certificate.body[kind]["name"])
    if not left:
        return ""
    names = " and ".join(certificate.body[kind]["name"] for kind in left)
    missing = certified_ids(certificate).without(day.spans)
    if missing:
        count = f"{missing.count:,} of its {certificate.body['count']:,} trades"
        return f"{names} is lost, and {count} are in no object any more, {missing.first} first"
    return f"{names} is lost: {_of_what_is_there(certificate, day, left)}"


def is_of_archive(certificate: Certificate) -> bool:
    """Whether all trades of a sealed day are the archive's."""
    return bool(certificate.body["sources"] == {"archive": certificate.body["count"]})


def _file(certificate: Certificate, day: Day, spool: Spool) -> bytes:
    """Return the sealed file of a day; of one that came from the archive as it was received then."""
    if not day.count:
        return b""
    if not is_of_archive(certificate):
        return file.write(day)
    gathered = Gathered(day.symbol, day.day, spool)
    at, sealed_at = lines.SCHEMA.get_field_index("received_at"), certificate.body["sealed_at"]
    for trades in day.gathered.parts():  # as they were printed
        received = pa.repeat(pa.scalar(sealed_at, pa.int64()), trades.num_rows)
        for batch in trades.set_column(at, "received_at", received).cast(lines.SCHEMA).to_batches():
            gathered.trades.extend(batch)
    return file.write(gathered.assemble())


def _of_what_is_there(certificate: Certificate, day: Day, lost: Sequence[Kind]) -> str:
    if "file" not in lost:
        return "its trades are sealed; the exchange's candles, answers and other copies are not all as they came"
    tree = merkle.Tree()
    for trades in day.parts():
        tree.add(merkle.leaves(trades, day.places))
    if tree.root.hex() != certificate.body["merkle_root"]:
        return "the lake has other trades now than those that were certified"
    return "the lake has the very trades that were certified, and not when and by which way each was received"
