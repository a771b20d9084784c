"""Frames of a stream, of whatever bytes: an error of ours, or the trade that they say and no other."""

import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from candlewick.errors import MalformedFrameError
from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import pack, unpack
from candlewick.trade import Kline, Trade, decode_event, decode_trade, raw_line
from fuzz.mutants import changed_fields, dumped, json_values, mutated, nested

TRADE = {
    "e": "trade", "E": 1723161254123456, "s": "BTCUSDT", "t": 3735683259, "p": "61837.63000000", "q": "0.00100000",
    "T": 1723161254123455, "m": True, "M": True,
}  # fmt: skip
BAR = {
    "t": 1723161240000000, "T": 1723161299999999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 9, "o": "1.0", "c": "2.0",
    "h": "3.0", "l": "0.5", "v": "10.0", "n": 9, "x": True, "q": "20.0", "V": "5.0", "Q": "10.0", "B": "0",
}  # fmt: skip
NAME = "demo/raw/2024-08-08/23/stream_2024-08-08_23-54-14.123456_r1.json.zst"

events = (
    changed_fields(TRADE)
    | changed_fields(BAR).map(lambda bar: {"e": "kline", "E": 1723161300000000, "s": "BTCUSDT", "k": bar})
    | json_values
)
messages = events | events.map(lambda event: {"stream": "btcusdt@trade", "data": event})
frames = dumped(messages) | mutated(dumped(messages)) | st.binary(max_size=200) | nested


@given(frames)
def test_a_frame_is_read_as_what_it_says_or_refused(frame):
    try:
        event, decoded = decode_event(frame)
    except MalformedFrameError:
        return
    line = raw_line(event, "ws", 1)
    assert b"\n" not in line
    said = json.loads(line)
    assert said["recv"] == 1
    if isinstance(decoded, Trade):
        assert decode_trade(line) == decoded
        assert (said["t"], said["p"], said["q"]) == (decoded.trade_id, decoded.price, decoded.quantity)
        assert said["t"] >= 0
        assert min(Decimal(said["p"]), Decimal(said["q"])) >= 0
    if isinstance(decoded, Kline) and decoded.bar.is_closed:
        assert all(Decimal(said["k"][name]) >= 0 for name in "ochlvqVQ")


@given(st.lists(frames, max_size=5))
def test_an_object_of_whatever_was_taken_is_whole(contents):
    lines = []
    for frame in contents:
        try:
            lines.append(raw_line(decode_event(frame)[0], "ws", 1))
        except MalformedFrameError:
            continue
    manifest = Manifest(recorder="r1", seq=1, prev=None, created=1, lines=len(lines), spans={}, covered={})
    assert unpack(NAME, pack(lines, manifest)).lines == lines


@given(frames)
def test_a_line_is_read_as_a_trade_or_refused(line):
    try:
        trade = decode_trade(line)
    except MalformedFrameError:
        return
    assert trade.trade_id >= 0
