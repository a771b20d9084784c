"""Forged proofs of one trade: each kind is one way of lying about it, by seed."""

import base64
import json
import random
from typing import Any

from candlewick.seal import bundle
from candlewick.seal.certificate import Certificate
from candlewick.seal.signing import Signer
from seal.forgery import Forger, forgery


def _clean(forger: Forger, rng: random.Random) -> dict[str, Any]:
    proof = forger.parts.proofs[0]
    said: dict[str, Any] = json.loads(bundle.inclusion(proof, rng.choice(forger.parts.markets[0].trades)[0]))
    return said


def _id_of(proof: dict[str, Any]) -> int:
    return int(proof["trade"].split(",")[0])


@forgery
def trade_of_another_price(forger: Forger, rng: random.Random) -> int:
    """The trade says something else."""
    forger.proof = _clean(forger, rng)
    trade_id, price, rest = forger.proof["trade"].split(",", 2)
    forger.proof["trade"] = f"{trade_id},{float(price) + rng.randint(1, 9)},{rest}"
    return _id_of(forger.proof)


@forgery
def trade_of_another_id(forger: Forger, rng: random.Random) -> None:
    """The trade is one that the day does not have."""
    forger.proof = _clean(forger, rng)
    forger.proof["trade"] = f"{rng.choice([1, 10**9])},{forger.proof['trade'].split(',', 1)[1]}"


@forgery
def index_moved(forger: Forger, rng: random.Random) -> int:
    """The trade is said to be another one in the row."""
    forger.proof = _clean(forger, rng)
    count = len(forger.parts.markets[0].trades)
    forger.proof["index"] = rng.choice([n for n in range(-1, count + 2) if n != forger.proof["index"]])
    return _id_of(forger.proof)


@forgery
def path_changed(forger: Forger, rng: random.Random) -> int:
    """A sibling is another one, or one is left out, or one too many."""
    forger.proof = _clean(forger, rng)
    path, at = forger.proof["path"], rng.randrange(len(forger.proof["path"]))
    other = base64.b64encode(rng.randbytes(32)).decode()
    path[at : at + 1] = rng.choice([[other], [], [path[at], other]])
    return _id_of(forger.proof)


@forgery
def head_changed(forger: Forger, rng: random.Random) -> None:
    """A line of the head that was signed is another one."""
    forger.proof = _clean(forger, rng)
    lines, at = forger.proof["head"].split("\n"), rng.randrange(5)
    lines[at] = "candlewick-seal/2 BTCUSDT 2020-01-01 1..9 9 00"[at:] if at != 2 else "1..9000 9000"
    forger.proof["head"] = "\n".join(lines)


@forgery
def inclusion_signed_by_another(forger: Forger, rng: random.Random) -> None:
    """A tree, a head and a key, all made up: it holds together, and is nobody's."""
    proof = forger.parts.proofs[0]
    body = proof.certificate.body | {"recorder": "a stranger"}
    signed = Signer(forger.stranger).sign(Certificate(body))
    trade_id = rng.choice(forger.parts.markets[0].trades)[0]
    forger.proof = json.loads(bundle.inclusion(proof._replace(certificate=signed), trade_id))


@forgery
def inclusion_unsigned(forger: Forger, rng: random.Random) -> None:
    """Nobody signed it: anybody could have made it up, key asked for or not."""
    forger.proof = _clean(forger, rng)
    del forger.proof["signature"]


@forgery
def inclusion_signature_changed(forger: Forger, rng: random.Random) -> None:
    """A digit of the signature is another one."""
    forger.proof = _clean(forger, rng)
    value, at = forger.proof["signature"]["value"], rng.randrange(128)
    digit = rng.choice([each for each in "0123456789abcdef" if each != value[at]])
    forger.proof["signature"]["value"] = value[:at] + digit + value[at + 1 :]
