"""Pure: the Merkle tree over a day's trades, as Certificate Transparency builds it (RFC 6962, section 2.1).

A leaf is SHA-256 of a zero byte and the trade's canonical line, an inner node SHA-256 of a one byte and its two
children; a node without a sibling moves up as it is. A canonical line says what all of the exchange's sources agree
about, and nothing of ours: `id,price,quantity,time,is_buyer_maker`, numbers with the places that the certificate names,
the time in ms, the last field 0 or 1. So two recorders that have never met make the same root.
"""

import struct
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NODE_BYTES = 32
PREFIX_BYTES = 4
"""Of each leaf, in the list that names the first trade that is not the sealed one."""
SUBTREE = 131_072
"""Leaves of a whole subtree; a power of two, so its root is a node of any tree that is larger."""


def canonical_lines(trades: pa.Table, places: tuple[int, int]) -> bytes:
    """Write trades (price and quantity with so many places) as the lines that are proved, each with a line end."""
    return _text(trades, places, "", "\n")


def leaves(trades: pa.Table, places: tuple[int, int]) -> bytes:
    """Return the leaves of trades, one after the other."""
    lines = _text(trades, places, "\0", "\n").split(b"\n")
    return b"".join([sha256(line).digest() for line in lines[:-1]])


def _text(trades: pa.Table, places: tuple[int, int], before: str, after: str) -> bytes:
    """Write the canonical lines of trades, each with something before and after it."""
    names = ["trade_id", "price", "quantity", "traded_at", "is_buyer_maker"]
    trade_id, price, quantity, at, is_maker = (trades.column(name).combine_chunks() for name in names)
    first, time = (pc.cast(each, pa.string()) for each in (trade_id, pc.divide(at, 1_000)))
    if before:
        first = pc.binary_join_element_wise(before, first, "")
    one, other = (_decimal_texts(digits, behind) for digits, behind in zip((price, quantity), places, strict=True))
    last = pc.if_else(is_maker, f"1{after}", f"0{after}")
    text = pc.binary_join_element_wise(first, one, other, time, last, ",")
    _, ends, content = text.buffers()
    return bytes(content[: np.frombuffer(ends, np.int32)[len(text)]]) if len(text) else b""


def _decimal_texts(digits: pa.Array, places: int) -> pa.Array:
    """Write digits with a point before the last `places` of them, as `lines.decimal_text` does; none is negative."""
    if not places:
        return pc.cast(digits, pa.string())
    unit = 10**places
    whole = pc.divide(digits, unit)
    behind = pc.add(pc.subtract(digits, pc.multiply(whole, unit)), unit)  # a one before it keeps the zeros
    texts = pc.cast(whole, pa.string()), pc.utf8_slice_codeunits(pc.cast(behind, pa.string()), 1)
    return pc.binary_join_element_wise(*texts, ".")


class Tree:
    """The tree over leaves that are added as they come.

    Of a whole subtree its root is held, and the first bytes of its leaves. `kept` is the index of a leaf whose path is
    to be asked for: the subtree that it is in is held whole.
    """

    def __init__(self, kept: int | None = None, subtree: int = SUBTREE) -> None:
        self._kept = kept
        self._whole = subtree * NODE_BYTES
        self._roots = bytearray()
        self._open = b""
        self._around: list[bytes] = []
        self._prefixes = bytearray()

    def add(self, added: bytes) -> None:
        """Add leaves, one after the other."""
        nodes = np.frombuffer(added, np.uint8).reshape(-1, NODE_BYTES)
        self._prefixes += nodes[:, :PREFIX_BYTES].tobytes()
        self._open += added
        while len(self._open) >= self._whole:
            levels = _levels(self._open[: self._whole])
            if self._kept is not None and self._kept * NODE_BYTES // self._whole == len(self._roots) // NODE_BYTES:
                self._around = levels
            self._roots += levels[-1]
            self._open = self._open[self._whole :]

    @property
    def root(self) -> bytes:
        """The root; of no leaves it is SHA-256 of nothing."""
        return self._top()[-1] or sha256().digest()

    @property
    def prefixes(self) -> bytes:
        """The first bytes of each leaf, one after the other."""
        return bytes(self._prefixes)

    def path(self) -> list[bytes]:
        """Return the siblings on the way from the kept leaf to the root: with them the leaf alone proves itself."""
        assert self._kept is not None, "a tree keeps what lies around one leaf"
        number, index = divmod(self._kept, self._whole // NODE_BYTES)
        return _siblings(self._around or _levels(self._open), index) + _siblings(self._top(), number)

    def _top(self) -> list[bytes]:
        """Return the levels above the subtrees, of which the last may not be whole."""
        return _levels(bytes(self._roots) + _levels(self._open)[-1])


def _levels(nodes: bytes) -> list[bytes]:
    """Return nodes, and all levels above them, each as its nodes' bytes one after the other."""
    levels = [nodes]
    while len(levels[-1]) > NODE_BYTES:
        levels.append(_above(levels[-1]))
    return levels


def _siblings(levels: list[bytes], index: int) -> list[bytes]:
    siblings = []
    for level in levels[:-1]:
        at = (index ^ 1) * NODE_BYTES
        if at < len(level):
            siblings.append(level[at : at + NODE_BYTES])
        index //= 2
    return siblings


def _above(level: bytes) -> bytes:
    pair = 2 * NODE_BYTES
    pairs, rest = divmod(len(level), pair)
    nodes: np.ndarray[Any, Any] = np.ones((pairs, 1 + pair), np.uint8)
    nodes[:, 1:] = np.frombuffer(level, np.uint8, pairs * pair).reshape(pairs, pair)
    hashed = [sha256(node).digest() for (node,) in struct.iter_unpack(f"{1 + pair}s", nodes.tobytes())]
    return b"".join(hashed) + level[len(level) - rest :]
