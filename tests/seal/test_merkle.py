"""The tree of RFC 6962, against the vectors that Certificate Transparency's implementations share."""

from hashlib import sha256

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick.lake.sealed.lines import LARGEST, decimal_text
from candlewick.seal import verify
from candlewick.seal.merkle import Tree, canonical_lines, leaves

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("subtree", [1, 2, 4, 131_072])
@pytest.mark.parametrize("count", range(9))
def test_the_roots_are_those_of_the_published_vectors(count, subtree):
    tree, streamed = Tree(subtree=subtree), list[tuple[int, bytes]]()
    for text in INPUTS[:count]:
        node = leaf(bytes.fromhex(text))
        tree.add(node)
        verify.push(streamed, node)
    assert tree.root.hex() == verify.root_of(streamed) == ROOTS[count]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100])
def test_the_path_of_a_leaf_is_the_same_however_the_tree_is_held(count):
    nodes = b"".join(leaf(b"%d" % each) for each in range(count))
    for index in range(count):
        paths = []
        for subtree in (1, 4, 16, 131_072):
            tree = Tree(index, subtree)
            tree.add(nodes)
            assert tree.prefixes == b"".join(nodes[at : at + 4] for at in range(0, len(nodes), 32))
            paths.append(tree.path())
        assert all(path == paths[0] for path in paths)
        assert len(paths[0]) <= (count - 1).bit_length()


def leaf(line: bytes) -> bytes:
    return sha256(b"\0" + line).digest()


NUMBERS = st.integers(0, LARGEST) | st.integers(0, 1_000)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.booleans()), min_size=1), st.integers(0, 18), st.integers(0, 18))
def test_a_canonical_line_has_each_number_with_the_symbols_places(rows, price_places, quantity_places):
    price, quantity, is_maker = zip(*rows, strict=True)
    ids, at = list(range(7, 7 + len(rows))), [1_726_000_000_123_456 + each for each in range(len(rows))]
    names = ["trade_id", "price", "quantity", "traded_at", "is_buyer_maker"]
    trades = pa.table(dict(zip(names, [ids, price, quantity, at, is_maker], strict=True)))
    expected = [
        f"{trade_id},{decimal_text(p, price_places)},{decimal_text(q, quantity_places)},1726000000123,{maker:d}"
        for trade_id, (p, q, maker) in zip(ids, rows, strict=True)
    ]
    places = price_places, quantity_places
    assert canonical_lines(trades, places).decode().splitlines() == expected
    assert leaves(trades, places) == b"".join(leaf(line.encode()) for line in expected)
