"""Pure: the Merkle tree over a day's trades, as Certificate Transparency builds it (RFC 6962, section 2.1).

A leaf is SHA-256 of a zero byte and the trade's canonical line, an inner node SHA-256 of a one byte and its two
children; a node without a sibling moves up as it is. A canonical line says what all of the exchange's sources agree
about, and nothing of ours: `id,price,quantity,time,is_buyer_maker`, numbers with the places that the certificate names,
the time in ms, the last field 0 or 1. So two recorders that have never met make the same root.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

NODE_BYTES = 32
PREFIX_BYTES = 4
"""Of each leaf, in the list that names the first trade that is not the sealed one."""


def canonical_lines(trades: pa.Table, places: tuple[int, int]) -> Iterator[bytes]:
    """Write a day's trades (price and quantity with so many places) as the lines that are proved, without line ends."""
    names = ["trade_id", "price", "quantity", "traded_at", "is_buyer_maker"]
    for batch in trades.select(names).to_batches(max_chunksize=100_000):
        trade_id, price, quantity, at, is_maker = batch.columns
        numbers = (trade_id, pc.divide(at, 1_000), pc.cast(is_maker, pa.int8()))
        first, time, last = (pc.cast(each, pa.string()) for each in numbers)
        texts = (_decimal_texts(digits, behind) for digits, behind in zip((price, quantity), places, strict=True))
        lines = pc.binary_join_element_wise(first, *texts, time, last, ",")
        yield from pc.cast(lines, pa.binary()).to_pylist()


def _decimal_texts(digits: pa.Array, places: int) -> pa.Array:
    """Write digits with a point before the last `places` of them, as `lines.decimal_text` does; none is negative."""
    if not places:
        return pc.cast(digits, pa.string())
    unit = 10**places
    whole = pc.divide(digits, unit)
    behind = pc.add(pc.subtract(digits, pc.multiply(whole, unit)), unit)  # a one before it keeps the zeros
    texts = pc.cast(whole, pa.string()), pc.utf8_slice_codeunits(pc.cast(behind, pa.string()), 1)
    return pc.binary_join_element_wise(*texts, ".")


def leaf(line: bytes) -> bytes:
    """Return the leaf of a canonical line."""
    return sha256(b"\0" + line).digest()


class Tree:
    """The tree over leaves, all of its levels, each as its nodes' bytes one after the other: 64 bytes a trade."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self.levels = [_joined(iter(leaves))]
        while len(self.levels[-1]) > NODE_BYTES:
            self.levels.append(_above(self.levels[-1]))

    @property
    def root(self) -> bytes:
        """The root; of no leaves it is SHA-256 of nothing."""
        return self.levels[-1] or sha256().digest()

    @property
    def prefixes(self) -> bytes:
        """The first bytes of each leaf, one after the other."""
        leaves = self.levels[0]
        return b"".join(leaves[at : at + PREFIX_BYTES] for at in range(0, len(leaves), NODE_BYTES))

    def path(self, index: int) -> list[bytes]:
        """Return the siblings on the way from a leaf to the root: with them the leaf alone proves itself."""
        siblings = []
        for level in self.levels[:-1]:
            at = (index ^ 1) * NODE_BYTES
            if at < len(level):
                siblings.append(level[at : at + NODE_BYTES])
            index //= 2
        return siblings


def _above(level: bytes) -> bytes:
    pair = 2 * NODE_BYTES
    whole = len(level) // pair * pair
    return _joined(sha256(b"\1" + level[at : at + pair]).digest() for at in range(0, whole, pair)) + level[whole:]


def _joined(nodes: Iterator[bytes]) -> bytes:
    """Return nodes one after the other; never all of them as objects, which take three times the memory."""
    content = bytearray()
    while part := b"".join(islice(nodes, 65_536)):
        content += part
    return bytes(content)
