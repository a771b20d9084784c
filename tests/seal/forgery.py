"""Forged bundles: each kind is one way of lying, by seed; it returns the first trade id that is not the sealed one.

What the owner's own key signs is in `forged_by_owner.py`, proofs of one trade are in `forged_inclusion.py`.
"""

import json
import random
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from candlewick.seal import bundle, merkle, verify
from candlewick.seal.certificate import Certificate, decode
from candlewick.seal.signing import Signer
from seal.made import Market, proof_of


@dataclass
class Parts:
    """Two days in a row and their proofs, the members of their bundle, and another day's certificate."""

    markets: list[Market]
    proofs: list[bundle.Proof]
    members: dict[str, bytes]
    key: str
    other: Certificate
    owner: Signer

    @classmethod
    def made(cls, folder: Path, count: int = 300) -> "Parts":
        """Make them."""
        one = Market(count=count)
        two = Market(seed=2, count=count, day=one.day.replace(day=27), first_id=one.first_id + count)
        first = proof_of(one, folder / "key")
        second = proof_of(two, folder / "key", first.certificate)
        other = proof_of(Market(seed=3, count=count), folder / "key").certificate
        bundle.write(folder / "days.zip", [first, second], None, with_trades=True)
        with zipfile.ZipFile(folder / "days.zip") as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        signature = first.certificate.signature
        assert signature is not None
        return cls([one, two], [first, second], members, signature["public_key"], other, Signer(folder / "key"))

    def write(self, path: Path) -> Path:
        """Write the clean bundle."""
        bundle.write(path, self.proofs, None, with_trades=True)
        return path


def checked(path: Path, keys: Collection[str] = (), trades: Path | None = None) -> tuple[list[str], list[int]]:
    """What the verifier says: problems of all days together, and the first bad ids."""
    reports = verify.verify(str(path), keys, None if trades is None else str(trades))
    problems = [text for _, report in reports for text in report.problems]
    return problems, [report.first_bad for _, report in reports if report.first_bad is not None]


def tree_of(lines: list[bytes]) -> merkle.Tree:
    """The tree over canonical lines."""
    tree = merkle.Tree()
    tree.add(b"".join(sha256(b"\0" + line).digest() for line in lines))
    return tree


Forgery = Callable[["Forger", random.Random], int | None]
FORGERIES: dict[str, Forgery] = {}


def forgery(function: Forgery) -> Forgery:
    """Add a kind of forgery."""
    FORGERIES[function.__name__] = function
    return function


class Forger:
    """Makes forged bundles of one clean one."""

    def __init__(self, parts: Parts, path: Path) -> None:
        self.parts, self.path = parts, path
        self.stranger = path.with_name("stranger.key")
        self.members: dict[str, bytes] = {}
        self.trades: Path | None = None
        self.proof: dict[str, Any] | None = None
        self.folder = ""
        self.first_id = 0

    def forge(self, name: str, rng: random.Random) -> int | None:
        """Write a forged bundle; return the first bad id, None where it is no trade that is forged."""
        number = rng.randrange(2)
        market = self.parts.markets[number]
        self.members, self.folder = dict(self.parts.members), f"{market.symbol}-{market.day}/"
        self.first_id, self.trades, self.proof = market.first_id, None, None
        first_bad = FORGERIES[name](self, rng)
        if self.proof is not None:
            self.path.write_text(json.dumps(self.proof))
            return first_bad
        with zipfile.ZipFile(self.path, "w") as archive:
            for member, content in self.members.items():
                archive.writestr(member, content)
        return first_bad

    @property
    def lines(self) -> list[bytes]:
        """The trades of the day that is forged."""
        return self.members[f"{self.folder}trades.csv"].splitlines()

    @lines.setter
    def lines(self, lines: list[bytes]) -> None:
        self.members[f"{self.folder}trades.csv"] = b"".join(line + b"\n" for line in lines)

    @property
    def certificate(self) -> Certificate:
        """The certificate of the day that is forged."""
        return decode(self.members[f"{self.folder}certificate.json"], "forged")

    @certificate.setter
    def certificate(self, certificate: Certificate) -> None:
        self.members[f"{self.folder}certificate.json"] = certificate.encode()

    def sign_as_owner(self, **body: Any) -> None:
        """Say something else in the certificate, and sign it with the owner's own key."""
        self.certificate = self.parts.owner.sign(Certificate(self.certificate.body | body))

    def seal(self, lines: list[bytes], **body: Any) -> None:
        """Make other lines the sealed ones, tree and leaves and all, signed with the owner's own key."""
        tree = tree_of(lines)
        self.lines, self.members[f"{self.folder}leaves.bin"] = lines, tree.prefixes
        ids = [int(line.split(b",")[0]) for line in (lines[0], lines[-1])]
        body = {"first_id": ids[0], "last_id": ids[1], "count": len(lines)} | body
        leaves = sha256(tree.prefixes).hexdigest()
        self.sign_as_owner(merkle_root=tree.root.hex(), leaf_prefixes_sha256=leaves, **body)

    def alone(self, *, with_trades: bool) -> None:
        """Leave nothing in the bundle but the day that is forged."""
        kept = [name for name in self.members if name.startswith(self.folder)]
        self.members = {name: self.members[name] for name in kept if with_trades or not name.endswith(".csv")}

    def changed(self, number: int, column: int, rng: random.Random) -> None:
        """Change a digit of a trade."""
        lines = self.lines
        values = lines[number].decode().split(",")
        at = rng.choice([place for place, digit in enumerate(values[column]) if digit.isdigit()])
        digits = "01" if column == 4 else "0123456789"
        digit = rng.choice([each for each in digits if each != values[column][at]])
        values[column] = values[column][:at] + digit + values[column][at + 1 :]
        lines[number] = ",".join(values).encode()
        self.lines = lines


@forgery
def dropped(forger: Forger, rng: random.Random) -> int:
    """A trade is left out."""
    number = rng.randrange(len(forger.lines))
    forger.lines = forger.lines[:number] + forger.lines[number + 1 :]
    return forger.first_id + number


@forgery
def doubled(forger: Forger, rng: random.Random) -> int:
    """A trade is there twice."""
    number = rng.randrange(len(forger.lines))
    forger.lines = forger.lines[: number + 1] + forger.lines[number:]
    return forger.first_id + number


@forgery
def swapped(forger: Forger, rng: random.Random) -> int:
    """Two trades change places."""
    lines = forger.lines
    one, other = sorted(rng.sample(range(len(lines)), 2))
    lines[one], lines[other] = lines[other], lines[one]
    forger.lines = lines
    return forger.first_id + one


@forgery
def exchanged(forger: Forger, rng: random.Random) -> int | None:
    """Two trades exchange what they say, and keep their ids."""
    lines = forger.lines
    one, other = sorted(rng.sample(range(len(lines)), 2))
    (a, _, b), (c, _, d) = lines[one].partition(b","), lines[other].partition(b",")
    lines[one], lines[other] = a + b"," + d, c + b"," + b
    forger.lines = lines
    return forger.first_id + one


@forgery
def flipped(forger: Forger, rng: random.Random) -> int:
    """A digit of a price, a quantity, a time or a side is another one."""
    number = rng.randrange(len(forger.lines))
    forger.changed(number, rng.randrange(1, 5), rng)
    return forger.first_id + number


@forgery
def flipped_and_hidden(forger: Forger, rng: random.Random) -> None:
    """A trade is changed, and the list that would name it taken out."""
    forger.changed(rng.randrange(len(forger.lines)), rng.randrange(1, 5), rng)
    del forger.members[f"{forger.folder}leaves.bin"]


@forgery
def renumbered(forger: Forger, rng: random.Random) -> int:
    """A trade is left out, and all behind it move up."""
    lines = forger.lines
    number = rng.randrange(len(lines) - 1)
    moved = [line.split(b",", 1) for line in lines[number + 1 :]]
    forger.lines = lines[:number] + [b"%d,%b" % (int(trade_id) - 1, rest) for trade_id, rest in moved]
    return forger.first_id + number


@forgery
def cut(forger: Forger, rng: random.Random) -> int:
    """The end is not there."""
    number = rng.randrange(len(forger.lines))
    forger.lines = forger.lines[:number]
    return forger.first_id + number


@forgery
def grown(forger: Forger, rng: random.Random) -> int:
    """A trade more than there were."""
    lines = forger.lines
    _, rest = lines[rng.randrange(len(lines))].split(b",", 1)
    forger.lines = [*lines, b"%d,%b" % (forger.first_id + len(lines), rest)]
    return forger.first_id + len(lines)


@forgery
def candle_forged(forger: Forger, rng: random.Random) -> None:
    """A candle is another one; the signature stays."""
    _forge_candle(forger, rng)


@forgery
def candle_forged_and_signed(forger: Forger, rng: random.Random) -> int | None:
    """A candle is another one, and a stranger signs."""
    first_bad = _forge_candle(forger, rng)
    forger.certificate = Signer(forger.stranger).sign(forger.certificate)
    return first_bad


@forgery
def signed_by_another(forger: Forger, rng: random.Random) -> None:
    """All is as it was, but a stranger claims it."""
    forger.certificate = Signer(forger.stranger).sign(forger.certificate)


@forgery
def unsigned(forger: Forger, rng: random.Random) -> None:
    """Nobody signed."""
    forger.certificate = replace(forger.certificate, signature=None)


@forgery
def shortened_and_signed(forger: Forger, rng: random.Random) -> None:
    """The day ends earlier, the certificate agrees, and a stranger signs."""
    number = rng.randrange(1, len(forger.lines))
    forger.lines = forger.lines[:number]
    body = forger.certificate.body | {"last_id": forger.first_id + number - 1, "count": number}
    forger.certificate = Signer(forger.stranger).sign(Certificate(body))


@forgery
def of_another_chain(forger: Forger, rng: random.Random) -> int:
    """The second day names a first day that is not this one."""
    market = forger.parts.markets[1]
    forger.folder = f"{market.symbol}-{market.day}/"
    named = forger.certificate.body["previous"] | {"digest": forger.parts.other.digest}
    forger.certificate = Signer(forger.stranger).sign(Certificate(forger.certificate.body | {"previous": named}))
    return market.first_id


@forgery
def first_day_replaced(forger: Forger, rng: random.Random) -> None:
    """The first day is another day's of the same key: whole, signed, and not the one that the second follows."""
    market = forger.parts.markets[0]
    forger.folder = f"{market.symbol}-{market.day}/"
    forger.certificate = forger.parts.other


@forgery
def signature_broken(forger: Forger, rng: random.Random) -> None:
    """A digit of the signature is another one."""
    signature = dict(forger.certificate.signature or {})
    at = rng.randrange(len(signature["value"]))
    digit = rng.choice([each for each in "0123456789abcdef" if each != signature["value"][at]])
    signature["value"] = signature["value"][:at] + digit + signature["value"][at + 1 :]
    forger.certificate = replace(forger.certificate, signature=signature)


def _forge_candle(forger: Forger, rng: random.Random) -> int | None:
    """Change one field of a candle that has trades; return the first id of its minute."""
    body = json.loads(json.dumps(forger.certificate.body))
    candle = rng.choice([row for row in body["candles"] if row[7]])
    field = rng.randrange(1, 10)
    candle[field] = candle[field] + 1 if field == 7 else f"{rng.randrange(10**9)}.12345678"
    forger.certificate = Certificate(body, forger.certificate.signature)
    opens = candle[0]
    ids = [line.split(b",") for line in forger.lines]
    return min(int(row[0]) for row in ids if opens <= int(row[3]) < opens + 60_000)
