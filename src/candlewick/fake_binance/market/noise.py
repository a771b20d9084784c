"""Randomness by address: the draw at (key, index) is always the same, whoever asks for it and in whatever order.

Everything is integers, so that a market is identical on every machine. Draws that follow a distribution are
looked up in tables of its quantiles.
"""

import hashlib
import math
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint64]

UNIT_BITS = 16
UNIT = 1 << UNIT_BITS
"""Fixed point: a draw of 1.0 is this integer."""

_QUANTILES = 4096
_MIDPOINTS = [(step + 0.5) / _QUANTILES for step in range(_QUANTILES)]
_NORMAL = np.array([round(NormalDist().inv_cdf(p) * UNIT) for p in _MIDPOINTS], dtype=np.int64)
_EXPONENTIAL = np.array([round(-math.log1p(-p) * UNIT) for p in _MIDPOINTS], dtype=np.int64)
_POWERS = np.array([round(2 ** (step / 256) * UNIT) for step in range(256)], dtype=np.int64)


def key(*parts: object) -> int:
    """Return the key of an independent source of draws, named by `parts`."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def words(source: int, index: Ints) -> Words:
    """Return 64 uniform bits for every index (SplitMix64's finaliser over a Weyl sequence)."""
    z = index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(source)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def below(source: int, index: Ints, bound: int) -> Ints:
    """Return uniform integers in `[0, bound)`; `bound` is at most 2**31."""
    return ((words(source, index) >> np.uint64(32)) * np.uint64(bound) >> np.uint64(32)).astype(np.int64)


def normals(source: int, index: Ints) -> Ints:
    """Return standard normal draws in `UNIT`s, bounded at about ±3.7."""
    draws: Ints = _NORMAL[below(source, index, _QUANTILES)]
    return draws


def exponentials(source: int, index: Ints) -> Ints:
    """Return exponential draws of mean 1 in `UNIT`s, bounded at about 9."""
    draws: Ints = _EXPONENTIAL[below(source, index, _QUANTILES)]
    return draws


def smooth(source: int, at: Ints, spacing: int) -> Ints:
    """Return noise that changes over about `spacing`: normal knots, joined by a smoothstep. In `UNIT`s."""
    knot, rest = np.divmod(at, spacing)
    x = rest * UNIT // spacing
    eased = (x * x >> UNIT_BITS) * (3 * UNIT - 2 * x) >> UNIT_BITS
    left = normals(source, knot)
    noise: Ints = left + ((normals(source, knot + 1) - left) * eased >> UNIT_BITS)
    return noise


def powers_of_two(exponent: Ints) -> Ints:
    """Return 2 to the `exponent` (in `UNIT`s, between -16 and 30), in `UNIT`s."""
    steps = exponent >> (UNIT_BITS - 8)
    mantissa, whole = _POWERS[steps & 255], steps >> 8
    powers: Ints = np.where(whole >= 0, mantissa << np.maximum(whole, 0), mantissa >> np.maximum(-whole, 0))
    return powers
