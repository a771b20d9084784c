"""A capture made from a seed: the stand-in for the recording of real trades where that is not at hand.

It has the recording's layout, symbol, trade ids and minutes, and its hazards: a recorder's clock that is behind the
exchange's, a midnight in UTC, hundreds of trades in one millisecond, frames of other streams between the trades. The
trades themselves, and the exchange's candles beside them, are those of the local exchange's synthetic market.

    python -m made.capture FOLDER
"""

import fcntl
import gzip
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from heapq import merge
from pathlib import Path

import numpy as np

from candlewick.fake_binance.market.candles import candles
from candlewick.fake_binance.market.instruments import Character, Instrument, decimal
from candlewick.fake_binance.market.intervals import interval
from candlewick.fake_binance.market.market import SyntheticMarket
from candlewick.fake_binance.market.trades import Trades
from candlewick.fake_binance.server.wire import Unit, kline_values, trade_events

SYMBOL = "BTCUSDT"
FIRST_ID, LAST_ID = 3735683259, 3735703162
STARTS_AT = 1_723_161_255_342_000
"""When the first trade happened, in µs: 2024-08-08 23:54:15 UTC."""

MIDNIGHT = 1_723_161_600_000_000
KLINES_FROM, KLINES_TO = 1_723_160_400_000_000, 1_723_162_500_000_000
"""The exchange's own 5m candles reach further than the trades on both sides: 23:40 to 00:15 UTC, in µs."""

SEED, RATE = 7, 31.8
"""With these the trades end, as the recorded ones do, five seconds after the second whole 5m candle."""

CLOCK_BEHIND = 1_270_000
"""How far the recorder's clock is behind the exchange's, in µs."""

DEPTH_EVERY = 100_000
"""Depth frames come at this distance, in µs."""

_CHARACTER = Character(
    Instrument(SYMBOL, "BTC", "USDT", tick=1_000_000, lot=1_000), RATE, price=6_183_763, daily_volatility=0.03
)
_BOOK_TICKER = (
    '{"stream":"btcusdt@bookTicker","data":{"u":%d,"s":"BTCUSDT","b":"%s","B":"1.50000000","a":"%s","A":"2.00000000"}}'
)
_DEPTH = (
    '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":%d,"s":"BTCUSDT","U":%d,"u":%d,'
    '"b":[["68559.06000000","0.00000000"]],"a":[["68659.07000000","1.54698000"]]}}'
)
_SNAPSHOT = '{"lastUpdateId":50093239218,"bids":[["68659.06000000","3.78826000"]],"asks":[]}'
"""What a recorder keeps of the order book's REST snapshot: the one line that is of no stream."""

Row = tuple[int, str]
"""When a frame was received (µs, the recorder's clock), and the frame."""


def main() -> None:
    """Make the capture in the folder named."""
    make(Path(sys.argv[1]))


def made_once(folder: Path) -> Path:
    """Return the capture in `folder`, made by the first of all processes that ask for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            make(folder)
            (folder / "made").touch()
    return folder


@contextmanager
def named_or_made(named: Path | None) -> Iterator[Path]:
    """The folder of a recording that somebody named; else a capture made for as long as the block runs.

    Raises `SystemExit` where the folder named has no frames in it.
    """
    if named:
        if not list(named.glob("frames_*.gz")):
            sys.exit(f"no frames_*.gz in {named}: name a recording's folder with --recording")
        yield named
        return
    print("on trades made from a seed; --recording FOLDER takes recorded ones", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        yield Path(folder)


def make(folder: Path) -> None:
    """Write a capture: two files of frames, one per day of the recorder's clock, and the exchange's candles."""
    folder.mkdir(parents=True, exist_ok=True)
    market = _moved(_whole())
    frames = market.between(FIRST_ID, LAST_ID)
    rows = list(merge(_trade_rows(frames), _book_rows(frames), key=lambda row: row[0]))
    for day, is_late in (("20240808", False), ("20240809", True)):
        lines = "".join(f"{at}000 {frame}\n" for at, frame in rows if (at >= MIDNIGHT) is is_late)
        (folder / f"frames_{day}.gz").write_bytes(gzip.compress(lines.encode(), compresslevel=1, mtime=0))
    (folder / "exchange_klines_5m.csv").write_text("".join(_klines(market)))


def _whole() -> Trades:
    """Return the market's trades from before the first candle until after the last one."""
    market = SyntheticMarket([_CHARACTER], SEED)
    first = market.id_at(SYMBOL, KLINES_FROM - 1_000_000)
    return market.trades(SYMBOL, first, market.id_at(SYMBOL, KLINES_TO + 1_000_000) - 1)


def _moved(trades: Trades) -> Trades:
    """Return the trades with ids and times such that the first of the capture is the recording's first."""
    start = int(np.searchsorted(trades.traded_at, STARTS_AT))
    earlier = int(trades.traded_at[start]) - STARTS_AT
    return replace(
        trades,
        ids=trades.ids + (FIRST_ID - int(trades.ids[start])),
        traded_at=trades.traded_at - earlier,
        event_at=trades.event_at - earlier,
    )


def _trade_rows(trades: Trades) -> Iterator[Row]:
    for event_at, event in trade_events(trades, Unit.MILLISECOND):
        yield event_at - CLOCK_BEHIND, f'{{"stream":"btcusdt@trade","data":{event}}}'


def _book_rows(trades: Trades) -> Iterator[Row]:
    """Yield what other streams sent: a quote before each order's first trade, a depth every 100 ms, one snapshot."""
    starts = np.flatnonzero(np.diff(trades.traded_at, prepend=0))
    tick = trades.instrument.tick
    quotes = (
        (at - CLOCK_BEHIND, _BOOK_TICKER % (at, decimal((price - 1) * tick), decimal(price * tick)))
        for at, price in zip(trades.traded_at[starts].tolist(), trades.price[starts].tolist(), strict=True)
    )
    depths = (
        (at - CLOCK_BEHIND, _DEPTH % (at // 1_000, at - DEPTH_EVERY, at))
        for at in range(STARTS_AT, int(trades.traded_at[-1]), DEPTH_EVERY)
    )
    return merge(quotes, depths, [(STARTS_AT - CLOCK_BEHIND + 100_000, _SNAPSHOT)], key=lambda row: row[0])


def _klines(trades: Trades) -> Iterator[str]:
    """Yield the exchange's own 5m candles in the archive's columns."""
    length = interval("5m")
    assert length is not None
    for candle in candles(trades, length):
        if KLINES_FROM <= candle.open_time < KLINES_TO:
            yield ",".join(kline_values(trades.instrument, length, candle, Unit.MILLISECOND)) + ",0\n"


if __name__ == "__main__":
    main()
