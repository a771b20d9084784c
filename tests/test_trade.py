import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candlewick import trade as trades
from candlewick.errors import MalformedFrameError
from candlewick.moments import micros
from candlewick.trade import Kline, ServerShutdown, Trade

EVENT = (
    b'{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000",'
    b'"T":1723161255342,"m":true,"M":true}'
)
TRADE = Trade(1723161255343, "BTCUSDT", 3735683259, "61837.63000000", "0.02000000", 1723161255342, True)
KLINE = (
    b'{"e":"kline","E":1,"s":"BTCUSDT","k":{"t":60000,"T":119999,"s":"BTCUSDT","i":"1m","f":1,"L":2,"o":"1","c":"1",'
    b'"h":"1","l":"1","v":"1","n":2,"x":true,"q":"1","V":"1","Q":"1","B":"0"}}'
)


def combined(event: bytes, stream: bytes = b"btcusdt@trade") -> bytes:
    return b'{"stream":"%b","data":%b}' % (stream, event)


@pytest.mark.parametrize(
    "frame",
    [combined(EVENT), EVENT, b'{ "stream" : "x", "data" : ' + EVENT + b"}", b'{"data":' + EVENT + b',"stream":"x"}'],
    ids=["combined", "raw", "spaced", "data first"],
)
def test_the_event_is_sliced_out_verbatim_however_the_frame_is_written(frame: bytes) -> None:
    assert trades.decode_event(frame) == (EVENT, TRADE)


def test_every_recorded_trade_frame_decodes_and_its_line_is_the_event_verbatim(recording: Path) -> None:
    seen = 0
    for name in ("frames_20240808.gz", "frames_20240809.gz"):
        for row in gzip.decompress((recording / name).read_bytes()).splitlines():
            frame = row.split(b" ", 1)[1]
            if b"@trade" not in frame[:40]:
                continue
            event, decoded = trades.decode_event(frame)
            assert isinstance(decoded, Trade)
            expected = json.loads(frame)["data"]
            assert json.loads(event) == expected
            assert decoded.trade_id == expected["t"]
            line = json.loads(trades.raw_line(event, "ws", 7))
            assert line == expected | {"src": "ws", "recv": 7}
            seen += 1
    assert seen == 19_904


def test_a_kline_says_which_candle_and_whether_it_is_closed() -> None:
    event, kline = trades.decode_event(combined(KLINE, b"btcusdt@kline_1m"))
    assert event == KLINE
    assert isinstance(kline, Kline)
    assert (kline.symbol, kline.bar.open_time, kline.bar.is_closed) == ("BTCUSDT", 60_000, True)


@pytest.mark.parametrize("frame", [b'{"e":"serverShutdown","E":5}', combined(b'{"e":"serverShutdown","E":5}')])
def test_a_shutdown_is_recognised_on_both_kinds_of_stream(frame: bytes) -> None:
    assert trades.decode_event(frame)[1] == ServerShutdown(5)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"{",
        b'{"stream":"x"}',
        combined(EVENT)[:-20],
        combined(EVENT[:-20] + b"}"),
        combined(EVENT.replace(b"3735683259", b'"x"')),
        combined(b'{"e":"depthUpdate"}'),
        b'{"result":null,"id":1}',
        b"\xff\xfe",
    ],
)
def test_a_malformed_frame_is_an_error_that_shows_it(frame: bytes) -> None:
    with pytest.raises(MalformedFrameError, match="expected a trade, kline or serverShutdown event, got"):
        trades.decode_event(frame)


@pytest.mark.parametrize("price", ["", ".", "-1.0", "1e5", "NaN", "٣", "1\n", "9" * 31])
def test_a_price_that_is_no_number_is_refused_before_anybody_adds_it_up(price: str) -> None:
    event = json.loads(EVENT) | {"p": price}
    with pytest.raises(MalformedFrameError, match="expected decimal numbers, got"):
        trades.decode_event(combined(json.dumps(event).encode()))


@pytest.mark.parametrize(
    "spaced", [EVENT + b"\n", EVENT + b" ", EVENT.replace(b",", b",\n"), EVENT.replace(b":", b": ")]
)
@pytest.mark.parametrize("frame", [bytes, lambda event: combined(event) + b"\r\n"])
def test_an_event_in_another_layout_is_one_line_that_can_be_read_again(spaced: bytes, frame) -> None:
    event, decoded = trades.decode_event(frame(spaced))
    line = trades.raw_line(event, "ws", 1)
    assert b"\n" not in line
    assert trades.decode_trade(line) == decoded == TRADE


def test_a_raw_line_is_read_as_the_trade_it_was() -> None:
    assert trades.decode_trade(trades.raw_line(EVENT, "ws", 1)) == TRADE
    with pytest.raises(MalformedFrameError, match="expected a trade, got"):
        trades.decode_trade(b"{}")


def test_bytes_that_are_no_text_are_refused_even_in_a_field_that_nobody_decodes() -> None:
    with pytest.raises(MalformedFrameError, match="expected UTF-8"):
        trades.decode_event(EVENT[:-1] + b',"x":"\x80"}')


DECIMALS = st.decimals(min_value=0, max_value=10**9, places=8).map(lambda value: f"{value:.8f}")


TIMES = st.integers(0, 10**17)


@given(st.builds(Trade, TIMES, st.just("ÄÖ币"), st.integers(0, 2**53), DECIMALS, DECIMALS, TIMES, st.booleans()))
def test_a_trade_from_rest_has_the_same_shape_as_an_event(trade: Trade) -> None:
    line = trades.encode_line(trade, is_best_match=True, source="rest", received_at=9)
    assert trades.decode_trade(line) == trade
    assert list(json.loads(line)) == ["e", "E", "s", "t", "p", "q", "T", "m", "M", "src", "recv"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(1_723_161_255_342, 1_723_161_255_342_000), (1_723_161_255_342_817, 1_723_161_255_342_817), (-1, -1_000)],
)
def test_times_are_read_by_their_magnitude(sent: int, expected: int) -> None:
    assert micros(sent) == expected


def replaced(**fields: object) -> Trade:
    return Trade(*({name: getattr(TRADE, name) for name in TRADE.__struct_fields__} | fields).values())


@pytest.mark.parametrize(
    "other",
    [
        replaced(event_at=1),
        replaced(price="61837.63", quantity="0.02"),
        replaced(traded_at=TRADE.traded_at * 1_000 + 999),
    ],
    ids=["another leg's event time", "another spelling", "microseconds"],
)
def test_copies_of_one_print_are_the_same(other: Trade) -> None:
    assert trades.is_same_print(TRADE, other)


@pytest.mark.parametrize(
    "other",
    [
        replaced(price="61837.64000000"),
        replaced(quantity="0.02000001"),
        replaced(traded_at=TRADE.traded_at + 1),
        replaced(is_buyer_maker=False),
        replaced(price="none"),
    ],
    ids=["price", "quantity", "time", "side", "no number"],
)
def test_copies_that_differ_in_any_value_are_not_the_same(other: Trade) -> None:
    assert not trades.is_same_print(TRADE, other)
