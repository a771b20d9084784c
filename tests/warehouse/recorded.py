"""The recording's trades, and the exchange's own candles beside them, as an audit compares them."""

import csv
from decimal import Decimal
from pathlib import Path

from candlewick.moments import micros
from candlewick.trade import decode_trade
from warehouse.lakes import recorded_lines
from warehouse.oracle import Trade

WHOLE = (1_723_161_300_000, 1_723_161_600_000)
"""The 5m candles that the recording holds whole, by open time in ms."""


def trades_of(recording: Path) -> list[Trade]:
    decoded = [decode_trade(line) for line in recorded_lines(recording)]
    return [
        Trade(t.symbol, t.trade_id, Decimal(t.price), Decimal(t.quantity), t.is_buyer_maker, micros(t.traded_at))
        for t in decoded
    ]


def klines_of(recording: Path) -> dict[int, tuple[Decimal | int, ...]]:
    """The exchange's own candles in the order of the audit's fields, by open time in ms."""
    with (recording / "exchange_klines_5m.csv").open() as file:
        rows = list(csv.reader(file))
    return {int(row[0]): (int(row[8]), *(Decimal(row[column]) for column in (5, 7, 9, 10, 2, 3))) for row in rows}
