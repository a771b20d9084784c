"""How trades and candles look on Binance's wire: JSON text, exact decimals, milliseconds or microseconds."""

from collections.abc import Iterator
from enum import IntEnum
from itertools import groupby

import numpy as np

from candlewick.fake_binance.market.candles import Candle
from candlewick.fake_binance.market.instruments import SCALE, Instrument, decimal
from candlewick.fake_binance.market.intervals import Interval
from candlewick.fake_binance.market.noise import Ints
from candlewick.fake_binance.market.trades import Trades


class Unit(IntEnum):
    """A unit of time on the wire; its value is how many µs it has."""

    MICROSECOND = 1
    MILLISECOND = 1_000

    @classmethod
    def named(cls, name: str | None) -> "Unit":
        """Return the unit that a client named; milliseconds where it named none."""
        return cls.MICROSECOND if (name or "").upper() == "MICROSECOND" else cls.MILLISECOND


_EVENT = '"t":%d,"p":"%d.%08d","q":"%d.%08d","T":%d,"m":%s,"M":true}'
_ROW = '{"id":%d,"price":"%d.%08d","qty":"%d.%08d","quoteQty":"%d.%08d","time":%d,"isBuyerMaker":%s,"isBestMatch":true}'
_LINE = "%d,%d.%08d,%d.%08d,%d.%08d,%d,%s,True\n"
"""Trades are written with `%`, whole columns at a time: half a million a second."""


def trade_events(trades: Trades, unit: Unit) -> Iterator[tuple[int, str]]:
    """Yield the `trade` event of each trade, with its event time in µs."""
    start = f'{{"e":"trade","E":%d,"s":"{trades.instrument.symbol}",'
    one = trades.instrument
    columns = (
        (trades.event_at // unit).tolist(),
        trades.ids.tolist(),
        *_decimals(trades.price * one.tick),
        *_decimals(trades.quantity * one.lot),
        (trades.traded_at // unit).tolist(),
        ["true" if maker else "false" for maker in trades.buyer_is_maker.tolist()],
    )
    return zip(trades.event_at.tolist(), map((start + _EVENT).__mod__, zip(*columns, strict=True)), strict=True)


def trade_rows(trades: Trades, unit: Unit) -> str:
    """Write trades as `/api/v3/trades` and `historicalTrades` do."""
    return f"[{','.join(map(_ROW.__mod__, _rows(trades, unit, ('false', 'true'))))}]"


def trade_lines(trades: Trades, unit: Unit) -> str:
    """Write trades as the archive does: seven columns, no header."""
    return "".join(map(_LINE.__mod__, _rows(trades, unit, ("False", "True"))))


def _rows(trades: Trades, unit: Unit, words: tuple[str, str]) -> Iterator[tuple[object, ...]]:
    one = trades.instrument
    columns = (
        trades.ids.tolist(),
        *_decimals(trades.price * one.tick),
        *_decimals(trades.quantity * one.lot),
        *_decimals(trades.quote_amount),
        (trades.traded_at // unit).tolist(),
        [words[maker] for maker in trades.buyer_is_maker.tolist()],
    )
    return zip(*columns, strict=True)


def _decimals(units: Ints) -> tuple[list[int], list[int]]:
    """Return units of 1e-8 as their whole part and their eight decimals."""
    whole, decimals = np.divmod(units, SCALE)
    return whole.tolist(), decimals.tolist()


def aggregate_events(trades: Trades, unit: Unit) -> Iterator[tuple[int, str]]:
    """Yield the `aggTrade` event of each aggregate, with its event time in µs."""
    symbol = trades.instrument.symbol
    for event_at, fields in _aggregates(trades, unit):
        yield event_at, f'{{"e":"aggTrade","E":{event_at // unit},"s":"{symbol}",{fields}}}'


def aggregate_rows(trades: Trades, unit: Unit) -> str:
    """Write aggregates as `/api/v3/aggTrades` does."""
    return f"[{','.join(f'{{{fields}}}' for _, fields in _aggregates(trades, unit))}]"


def _aggregates(trades: Trades, unit: Unit) -> Iterator[tuple[int, str]]:
    one = trades.instrument
    columns = zip(
        trades.aggregate.tolist(),
        trades.ids.tolist(),
        trades.price.tolist(),
        trades.quantity.tolist(),
        trades.traded_at.tolist(),
        trades.event_at.tolist(),
        trades.buyer_is_maker.tolist(),
        strict=True,
    )
    for aggregate_id, group in groupby(columns, key=lambda row: row[0]):
        rows = list(group)
        _, first_id, price, _, traded_at, event_at, maker = rows[0]
        quantity = sum(row[3] for row in rows)
        yield (
            event_at,
            f'"a":{aggregate_id},"p":"{decimal(price * one.tick)}","q":"{decimal(quantity * one.lot)}",'
            f'"f":{first_id},"l":{rows[-1][1]},"T":{traded_at // unit},"m":{"true" if maker else "false"},"M":true',
        )


def kline_event(one: Instrument, interval: Interval, candle: Candle, *, at: int, closed: bool, unit: Unit) -> str:
    """Write a `kline` event of event time `at` (µs)."""
    _, o, h, low, c, v, close_time, q, n, taker_v, taker_q = kline_values(one, interval, candle, unit)
    return (
        f'{{"e":"kline","E":{at // unit},"s":"{one.symbol}","k":{{"t":{candle.open_time // unit},"T":{close_time},'
        f'"s":"{one.symbol}","i":"{interval.name}","f":{candle.first_id},"L":{candle.last_id},"o":"{o}","c":"{c}",'
        f'"h":"{h}","l":"{low}","v":"{v}","n":{n},"x":{"true" if closed else "false"},"q":"{q}","V":"{taker_v}",'
        f'"Q":"{taker_q}","B":"0"}}}}'
    )


def kline_values(one: Instrument, interval: Interval, candle: Candle, unit: Unit) -> tuple[str, ...]:
    """Return a candle's first eleven columns, as `/api/v3/klines` and the archive order them."""
    volumes = (candle.volume, candle.taker_volume)
    volume, taker_volume = (decimal(lots * one.lot) for lots in volumes)
    quote, taker_quote = (decimal(sums) for sums in (candle.quote_volume, candle.taker_quote_volume))
    prices = (decimal(ticks * one.tick) for ticks in (candle.open, candle.high, candle.low, candle.close))
    close_time = (interval.after(candle.open_time) - 1) // unit
    opened = str(candle.open_time // unit)
    return (opened, *prices, volume, str(close_time), quote, str(candle.count), taker_volume, taker_quote)


def kline_row(values: tuple[str, ...]) -> str:
    """Write one row of `/api/v3/klines`: twelve columns, times and the count as numbers, the rest as strings."""
    o, h, low, c, v = (f'"{value}"' for value in values[1:6])
    return f'[{values[0]},{o},{h},{low},{c},{v},{values[6]},"{values[7]}",{values[8]},"{values[9]}","{values[10]}","0"]'
