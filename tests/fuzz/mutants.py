"""Bytes that nearly are what they should be."""

import json

from hypothesis import strategies as st

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

nested = st.sampled_from([b"[", b'{"a":', b'{"data":', b'[{"k":']).map(lambda piece: piece * 50_000)
"""What exhausts a parser that recurses."""


def dumped(values: st.SearchStrategy) -> st.SearchStrategy[bytes]:
    """Values as JSON, in one of the ways to write it."""
    ways = st.sampled_from([{"separators": (",", ":")}, {}, {"indent": 1}, {"ensure_ascii": False}])
    tails = st.sampled_from([b"", b"\n", b" ", b"\r\n"])
    return st.builds(lambda value, way, tail: json.dumps(value, **way).encode() + tail, values, ways, tails)


@st.composite
def changed_fields(draw, example: dict) -> dict:
    """An example with some fields missing, of other values or types, or in another order."""
    changed = dict(example)
    for name in draw(st.lists(st.sampled_from(sorted(example)), max_size=3)):
        if draw(st.booleans()):
            changed.pop(name, None)
        else:
            changed[name] = draw(json_values | st.sampled_from(["", "-1", "NaN", "1e5", "1.", "9" * 40, 10**30, -1]))
    names = draw(st.permutations(sorted(changed)))
    return {name: changed[name] for name in names}


@st.composite
def mutated(draw, originals: st.SearchStrategy[bytes]) -> bytes:
    """Bytes with some of them changed, cut out, put in twice, or cut off."""
    content = bytearray(draw(originals))
    for _ in range(draw(st.integers(0, 4))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        match draw(st.sampled_from(["change", "cut", "repeat", "end", "put"])):
            case "change":
                content[at] = draw(st.integers(0, 255))
            case "cut":
                del content[at : at + draw(st.integers(1, 20))]
            case "repeat":
                content[at:at] = content[at : at + draw(st.integers(1, 20))]
            case "end":
                del content[at:]
            case "put":
                content[at:at] = draw(st.binary(max_size=6))
    return bytes(content)
