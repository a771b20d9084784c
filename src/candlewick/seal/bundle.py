"""What leaves the machine: a bundle that proves days of a symbol, or the proof that one trade is part of one.

A bundle is a zip: `verify.py`, and in a folder for each day its certificate, its trades as canonical lines, and the
first bytes of each leaf of the tree, by which a trade that is not the sealed one is named.
"""

import base64
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from candlewick.errors import TornObjectError
from candlewick.lake.sealed import file
from candlewick.lake.sealed.certified import canonical
from candlewick.lake.sealed.day import column
from candlewick.lake.sealed.file import Sealed
from candlewick.seal import merkle
from candlewick.seal.certificate import Certificate

VERIFIER = Path(__file__).with_name("verify.py")
_STAMP = (1980, 1, 1, 0, 0, 0)
"""Of every member: the same days give the same bundle."""


class Proof(NamedTuple):
    """A sealed day: its certificate and its file's content."""

    certificate: Certificate
    content: bytes

    def parts(self) -> Iterator[Sealed]:
        """Read its trades, a part at a time. Raises `TornObjectError`."""
        return file.parts(self.content, self._name)

    def tree(self, kept: int | None = None) -> merkle.Tree:
        """Return the tree over its trades, with the path of one of them where its index is `kept`.

        Raises `TornObjectError` where it is not the one that was certified.
        """
        tree = merkle.Tree(kept)
        for part in self.parts():
            tree.add(merkle.leaves(part.trades, part.places))
        if tree.root.hex() != self.certificate.body["merkle_root"]:
            raise TornObjectError(f"{self._name}: its trades are not those that were sealed; restore it from a copy")
        return tree

    def find(self, trade_id: int) -> tuple[int, bytes]:
        """Return the index and the canonical line of a trade. Raises `KeyError` where it is none of them."""
        before = 0
        for part in self.parts():
            ids = column(part.trades, "trade_id")
            at = int(ids.searchsorted(trade_id))
            if at < len(ids) and ids[at] == trade_id:
                return before + at, merkle.canonical_lines(part.trades.slice(at, 1), part.places).rstrip(b"\n")
            before += len(ids)
        raise KeyError(trade_id)

    @property
    def _name(self) -> str:
        return str(self.certificate.body["file"]["name"])


def write(path: Path, proofs: Iterable[Proof], previous: Certificate | None, *, with_trades: bool) -> None:
    """Write a bundle of days in order; `previous` is the certificate that the first one names.

    Raises `TornObjectError` where a sealed file is not what its certificate says, and `OSError`.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(_member("verify.py"), VERIFIER.read_bytes())
        if previous is not None:
            archive.writestr(_member("previous.certificate.json"), previous.encode())
        for proof in proofs:
            folder = f"{proof.certificate.symbol}-{proof.certificate.day}"
            archive.writestr(_member(f"{folder}/certificate.json"), proof.certificate.encode())
            archive.writestr(_member(f"{folder}/leaves.bin"), proof.tree().prefixes)
            if with_trades:
                with archive.open(_member(f"{folder}/trades.csv"), "w", force_zip64=True) as member:
                    for part in proof.parts():
                        member.write(merkle.canonical_lines(part.trades, part.places))


def inclusion(proof: Proof, trade_id: int) -> bytes:
    """Return the proof that a trade is one of a sealed day: about 1.5 KB. Raises `KeyError` where it is not."""
    index, line = proof.find(trade_id)
    certificate = proof.certificate
    said: dict[str, Any] = {
        "format": "candlewick-inclusion",
        "version": 1,
        "head": certificate.head.decode(),
        "trade": line.decode(),
        "index": index,
        "path": [base64.b64encode(each).decode() for each in proof.tree(index).path()],
    }
    return canonical(said | ({"signature": dict(certificate.signature)} if certificate.signature else {})) + b"\n"


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _STAMP)
    member.compress_type = zipfile.ZIP_STORED if name.endswith(".bin") else zipfile.ZIP_DEFLATED
    return member
