"""Clean bundles of every honest kind, by seed: what a verifier must raise no alarm about."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from candlewick.moments import starts_at
from candlewick.seal import bundle
from candlewick.seal.bundle import Proof
from candlewick.seal.certificate import Certificate
from seal.made import DAY, Market, absence, missing, proof_of


class Clean(NamedTuple):
    """Proofs of days in a row, who signed them, and how they are bundled."""

    proofs: list[Proof]
    keys: set[str]
    previous: Certificate | None = None
    with_trades: bool = True
    trades: Path | None = None


CLEAN: dict[str, Callable[[Path, random.Random], Clean]] = {}


def clean(function: Callable[[Path, random.Random], Clean]) -> Callable[[Path, random.Random], Clean]:
    """Add a kind of clean bundle."""
    CLEAN[function.__name__] = function
    return function


def write(path: Path, made: Clean) -> None:
    """Write a clean bundle."""
    bundle.write(path, made.proofs, made.previous, with_trades=made.with_trades)


def days(rng: random.Random, count: int) -> list[Market]:
    """Markets of days in a row, the ids of each going on where the one before ended."""
    places, first_id, made = rng.choice([(2, 5), (8, 8), (0, 3), (5, 0)]), rng.randrange(10**9), []
    for number in range(count):
        day, trades = DAY + timedelta(days=number), rng.randint(2, 60)
        made.append(Market(rng.getrandbits(32), trades, day=day, first_id=first_id, places=places))
        first_id += trades
    return made


def _chain(folder: Path, markets: list[Market]) -> list[Proof]:
    proofs: list[Proof] = []
    for market in markets:
        proofs.append(proof_of(market, folder / "key", proofs[-1].certificate if proofs else None))
    return proofs


def _keys(proofs: list[Proof]) -> set[str]:
    return {each.certificate.signature["public_key"] for each in proofs if each.certificate.signature}


@clean
def a_day_or_some(folder: Path, rng: random.Random) -> Clean:
    """One day, or some in a row, with the certificate before them or not."""
    proofs = _chain(folder, days(rng, rng.randint(1, 4)))
    first = rng.randrange(len(proofs))
    previous = proofs[first - 1].certificate if first and rng.random() < 0.5 else None
    return Clean(proofs[first:], _keys(proofs), previous)


@clean
def a_day_that_came_late(folder: Path, rng: random.Random) -> Clean:
    """The day in the middle was sealed last, so that the one behind it names the one before it."""
    first, middle, last = days(rng, 3)
    one = proof_of(first, folder / "key")
    three = proof_of(last, folder / "key", one.certificate)
    two = proof_of(middle, folder / "key", one.certificate)
    if rng.random() < 0.3:
        return Clean([two, three], _keys([one]), one.certificate)
    return Clean([one, two, three], _keys([one]))


@clean
def a_chain_that_began_within(folder: Path, rng: random.Random) -> Clean:
    """A day was sealed before there was a chain, and the one before it afterwards."""
    first, last = days(rng, 2)
    proofs = [proof_of(first, folder / "key"), proof_of(last, folder / "key")]
    return Clean(proofs, _keys(proofs))


@clean
def keys_of_two_machines(folder: Path, rng: random.Random) -> Clean:
    """The key was lost, or two machines seal days of one lake."""
    proofs: list[Proof] = []
    for market in days(rng, 3):
        proofs.append(
            proof_of(market, folder / rng.choice(["key", "other"]), proofs[-1].certificate if proofs else None)
        )
    return Clean(proofs, _keys(proofs))


@clean
def declared_holes(folder: Path, rng: random.Random) -> Clean:
    """Ids that do not exist, within a day and between two."""
    first, last = days(rng, 2)
    within = first.trades.pop(rng.randrange(1, len(first.trades) - 1))[0] if len(first.trades) > 2 else None
    holes = [(within, within, missing(first.symbol, within, within).decode())] if within else []
    one = proof_of(first, folder / "key", declared=tuple(holes))
    begins = last.first_id
    del last.trades[0]
    hole = (begins, begins, missing(last.symbol, begins, begins).decode())
    two = proof_of(last, folder / "key", one.certificate, declared=(hole,))
    return Clean([one, two], _keys([one]), with_trades=rng.random() < 0.8)


@clean
def minutes_without_candles(folder: Path, rng: random.Random) -> Clean:
    """The symbol was listed within the day, or the exchange stood still: it says that there are no candles."""
    market = days(rng, 1)[0]
    candles = market.candles()
    empty = [number for number, line in enumerate(candles) if b'"n":0,' in line]
    first = rng.choice(empty)
    last = first + rng.randrange(next(n for n in range(1, 1_441) if first + n not in empty))
    told = absence(market.symbol, starts_at(market.day), max(0, first - rng.randrange(5)), last)
    proof = proof_of(market, folder / "key", raw=[*market.lines(), *candles[:first], *candles[last + 1 :], told])
    return Clean([proof], _keys([proof]), with_trades=rng.random() < 0.8)


@clean
def trades_of_ones_own(folder: Path, rng: random.Random) -> Clean:
    """A bundle without trades, and the archive's file of the day beside it, in ms or µs."""
    market = days(rng, 1)[0]
    proof, path, unit = proof_of(market, folder / "key"), folder / "given.csv", rng.choice([1, 1_000])
    rows = (
        f"{trade_id},{price},{quantity},0,{at // unit},{str(maker).title()},True\n"
        for trade_id, price, quantity, at, maker in market.trades
    )
    path.write_text("".join(rows))
    return Clean([proof], _keys([proof]), with_trades=rng.random() < 0.5, trades=path)
