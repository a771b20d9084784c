"""Forged bundles: each kind is one way of lying, by seed; it returns the first trade id that is not the sealed one."""

import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from candlewick.seal import bundle
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
        return cls([one, two], [first, second], members, signature["public_key"], other)

    def write(self, path: Path) -> Path:
        """Write the clean bundle."""
        bundle.write(path, self.proofs, None, with_trades=True)
        return path


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
        self.folder = ""
        self.first_id = 0

    def forge(self, name: str, rng: random.Random) -> int | None:
        """Write a forged bundle; return the first bad id, None where it is no trade that is forged."""
        number = rng.randrange(2)
        market = self.parts.markets[number]
        self.members, self.folder = dict(self.parts.members), f"{market.symbol}-{market.day}/"
        self.first_id = market.first_id
        first_bad = FORGERIES[name](self, rng)
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
