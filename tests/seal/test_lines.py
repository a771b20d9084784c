"""Raw lines as columns, and the same lines again."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candlewick.lake.sealed import lines
from candlewick.lake.sealed.lines import LARGEST, SCHEMA
from seal.made import recorded

NUMBERS = st.one_of(
    st.decimals("0", "99999999", places=8, allow_nan=False).map(str),
    st.decimals("0.01", "999999", places=2, allow_nan=False).map(str),
    st.sampled_from(["0", "7", "1.", ".5", "007.10", "0.00000000", "123456789012.00000000", "1.0" + "0" * 20]),
).filter(lambda text: "E" not in text)
TIMES = st.one_of(st.integers(1_723_161_000_000, 1_723_169_000_000), st.integers(1_723_161 * 10**9, 1_723_169 * 10**9))


@st.composite
def raw_lines(draw):
    """Lines as recorders write them, and lines that are odd in one way or another."""
    at = draw(TIMES)
    event = {"e": "trade", "E": draw(st.one_of(st.just(at), st.just(at + 3), TIMES)), "s": "BTCUSDT"}
    event |= {"t": draw(st.integers(0, 2**62)), "p": draw(NUMBERS), "q": draw(NUMBERS), "T": at}
    event |= {"m": draw(st.booleans()), "M": draw(st.booleans())}
    event |= {"src": draw(st.sampled_from(["ws", "rest", "archive"])), "recv": draw(TIMES)}
    for name in draw(st.lists(st.sampled_from(["E", "M", "src", "recv"]), max_size=1)):
        del event[name]
    event |= draw(st.sampled_from([{}, {}, {"x": 1}, {"a": "ü"}]))
    fields = list(event.items())
    if draw(st.integers(0, 5)) == 0:
        fields = draw(st.permutations(fields))
    spaced = draw(st.sampled_from([(",", ":"), (",", ":"), (", ", ": ")]))
    return json.dumps(dict(fields), separators=spaced, ensure_ascii=draw(st.booleans())).encode()


def table_of(raw: list[bytes]) -> pa.Table:
    """Lines of trades as columns."""
    rows = [lines.row(line, lines.read(line)) for line in raw]
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


@settings(max_examples=60)
@given(st.lists(raw_lines(), max_size=20))
def test_every_line_that_is_read_is_written_again_byte_for_byte(raw):
    assert list(lines.encode("BTCUSDT", table_of(raw))) == raw


@settings(max_examples=60)
@given(st.lists(raw_lines(), min_size=1, max_size=20))
def test_scaling_to_the_symbols_own_places_loses_nothing(raw):
    table = table_of(raw)
    for name in ("price", "quantity"):
        digits, printed = table.column(name).to_numpy(), table.column(f"{name}_places").to_numpy()
        own = lines.own_places(digits, printed)
        if all(
            each * 10 ** max(0, own - by) <= LARGEST for each, by in zip(digits.tolist(), printed.tolist(), strict=True)
        ):
            scaled = lines.rescaled(digits, printed, own)
            assert lines.reprinted(scaled, own, printed).tolist() == digits.tolist()


def test_a_recorded_line_costs_no_copy_of_itself(recording: Path):
    raw = recorded(recording)
    table = table_of(raw)
    assert table.column("line").null_count == table.num_rows == 19_904
    assert list(lines.encode("BTCUSDT", table)) == raw


def test_what_is_no_trade_is_not_read():
    assert lines.read(b'{"e":"trade","s":"BTCUSDT","t":1,"p":"x","q":"1","T":1,"m":true}') is None
    assert lines.read(b'{"e":"trade","s":"BTCUSDT","t":1,"p":"1') is None
    assert lines.read(b"\xff") is None


def test_a_number_that_no_sealed_column_holds_is_refused():
    line = b'{"e":"trade","s":"BTCUSDT","t":1,"p":"1234567890123456789","q":"1","T":1723161254000,"m":true}'
    with pytest.raises(OverflowError, match="18 digits at most, got 1234567890123456789"):
        table_of([line])
