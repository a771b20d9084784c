"""Pure: the certificate of a sealed day, as canonical JSON: sorted keys, no spaces, UTF-8, whole numbers and strings.

Its digest is SHA-256 over that text without the signature, so a signature can be made, or made anew, without breaking
the chain: every certificate names the digest of the one before.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from candlewick.errors import NewerError, TornObjectError
from candlewick.lake.sealed.certified import canonical
from candlewick.lake.sealed.day import Day
from candlewick.seal.merkle import Tree
from candlewick.seal.minutes import Verdict
from candlewick.trade import COMPARED
from candlewick.version import __version__

FORMAT = "candlewick-seal"
VERSION = 1
Body = dict[str, Any]


@dataclass(frozen=True)
class Certificate:
    """A certificate: what it says, and who signed it; `signature` is None where nobody did."""

    body: Body
    signature: Mapping[str, str] | None = None

    @property
    def symbol(self) -> str:
        """The symbol."""
        return str(self.body["symbol"])

    @property
    def day(self) -> date:
        """The UTC day."""
        return date.fromisoformat(self.body["day"])

    @property
    def last_id(self) -> int:
        """The day's last trade id."""
        return int(self.body["last_id"])

    @property
    def digest(self) -> str:
        """What the next day's certificate names, in hex."""
        return sha256(canonical(self.body)).hexdigest()

    @property
    def head(self) -> bytes:
        """The text that is signed: what is sealed, the root of its tree, and the digest."""
        body = self.body
        what = f"{body['symbol']} {body['day']}\n{body['first_id']}..{body['last_id']} {body['count']}"
        return f"{FORMAT}/{VERSION}\n{what}\n{body['merkle_root']}\n{self.digest}\n".encode()

    def encode(self) -> bytes:
        """Return its file."""
        signed = {} if self.signature is None else {"signature": dict(self.signature)}
        return canonical(self.body | signed) + b"\n"


def decode(content: bytes, name: str) -> Certificate:
    """Read a certificate's file. Raises `NewerError`, and `TornObjectError` for one that is none."""
    try:
        body = json.loads(content)
        if body["format"] == FORMAT and body["version"] > VERSION:
            raise NewerError(name, body["version"], VERSION)
        is_ours = (body["format"], body["version"]) == (FORMAT, VERSION) and canonical(body) == content.rstrip(b"\n")
    except (ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours:
        raise TornObjectError(
            f"{name}: expected a certificate of version {VERSION} as canonical JSON, got another text"
        )
    return Certificate(body, body.pop("signature", None))


@dataclass(frozen=True)
class File:
    """A file that a certificate vouches for."""

    name: str
    content: bytes

    def described(self) -> Body:
        """Return what the certificate says of it."""
        return {"name": self.name, "bytes": len(self.content), "sha256": sha256(self.content).hexdigest()}


def certify(
    day: Day,
    tree: Tree,
    verdict: Verdict,
    *,
    sources: Mapping[str, int],
    file: File,
    evidence: File,
    declared: Sequence[tuple[int, int, str]],
    absent: Sequence[tuple[int, int, str]] = (),
    previous: Certificate | None,
    sealed_at: int,
    recorder: str,
) -> Certificate:
    """Certify a day that was found whole; `sealed_at` is in µs, `sources` how many of its trades came by which way.

    `declared` are holes with the exchange's answer, `absent` minutes (since the epoch) without a candle with its.
    """
    minutes = sorted(day.candles)
    return Certificate(
        {
            "format": FORMAT,
            "version": VERSION,
            "symbol": day.symbol,
            "day": day.day.isoformat(),
            "first_id": day.spans.first,
            "last_id": day.spans.last,
            "count": day.count,
            "declared": [{"first": first, "last": last, "answer": answer} for first, last, answer in declared],
            "places": {"price": day.places[0], "quantity": day.places[1]},
            "merkle_root": tree.root.hex(),
            "leaf_prefixes_sha256": sha256(tree.prefixes).hexdigest(),
            "candle_fields": ["open_time", *COMPARED],
            "candles": [[at // 1_000, *day.candles[at].nine] for at in minutes],
            "no_candle": [
                {"first": first * 60_000, "last": last * 60_000, "answer": answer} for first, last, answer in absent
            ],
            "verdict": {
                "match": verdict.matching,
                "empty": verdict.empty,
                "without_candle": list(verdict.without_candle),
            },
            "sources": dict(sources),
            "conflicting_ids": list(day.conflicting),
            "file": file.described(),
            "evidence": evidence.described(),
            "previous": None if previous is None else _named(previous),
            "sealed_at": sealed_at,
            "recorder": recorder,
            "software": f"candlewick {__version__}",
        }
    )


def _named(previous: Certificate) -> Body:
    return {"day": previous.day.isoformat(), "last_id": previous.last_id, "digest": previous.digest}
