"""Pure: the Merkle tree over a day's trades, as Certificate Transparency builds it (RFC 6962, section 2.1).

A leaf is SHA-256 of a zero byte and the trade's canonical line, an inner node SHA-256 of a one byte and its two
children; a node without a sibling moves up as it is. A canonical line says what all of the exchange's sources agree
about, and nothing of ours: `id,price,quantity,time,is_buyer_maker`, numbers with the places that the certificate names,
the time in ms, the last field 0 or 1. So two recorders that have never met make the same root.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

import pyarrow as pa

from candlewick.lake.sealed.lines import decimal_text

NODE_BYTES = 32
PREFIX_BYTES = 4
"""Of each leaf, in the list that names the first trade that is not the sealed one."""


def canonical_lines(trades: pa.Table, places: tuple[int, int]) -> Iterator[bytes]:
    """Write a day's trades (price and quantity with so many places) as the lines that are proved, without line ends."""
    price_places, quantity_places = places
    names = ["trade_id", "price", "quantity", "traded_at", "is_buyer_maker"]
    for batch in trades.select(names).to_batches(max_chunksize=100_000):
        for trade_id, price, quantity, at, is_maker in zip(*(each.to_pylist() for each in batch.columns), strict=True):
            text = f"{decimal_text(price, price_places)},{decimal_text(quantity, quantity_places)},{at // 1_000}"
            yield f"{trade_id},{text},{is_maker:d}".encode()


def leaf(line: bytes) -> bytes:
    """Return the leaf of a canonical line."""
    return sha256(b"\0" + line).digest()


class Tree:
    """The tree over leaves, all of its levels, each as its nodes' bytes one after the other: 64 bytes a trade."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self.levels = [b"".join(leaves)]
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
    nodes = [sha256(b"\1" + level[at : at + pair]).digest() for at in range(0, whole, pair)]
    return b"".join([*nodes, level[whole:]])
