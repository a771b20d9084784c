"""Objects as a recorder makes them, from trades that a test makes up: not in a lake, but as they are read from one."""

from collections.abc import Sequence

from candlewick.lake.manifest import Manifest
from candlewick.lake.objects import LakeObject
from candlewick.spans import Range, Spans
from warehouse.lakes import START, kline_line, trade_line
from warehouse.oracle import Copy, Trade


class Recorder:
    """Makes objects as a recorder does; what is covered grows with each. Candles and declared holes are of `symbol`."""

    def __init__(self, symbol: str = "BTCUSDT", name: str = "r1") -> None:
        self.symbol, self.name = symbol, name
        self.covered: dict[str, Spans] = {}
        self.declared: list[Range] = []
        self.sequence = 0

    def write_copies(self, copies: list[Copy]) -> LakeObject:
        """Make an object of trades, each from a source of its own."""
        written = self.write([copy.trade for copy in copies])
        return written._replace(lines=[line_of(copy.trade, copy.source) for copy in copies])

    def write(
        self, trades: list[Trade], *, klines: Sequence[tuple[int, dict[str, object]]] = (), event_at: int | None = None
    ) -> LakeObject:
        self.sequence += 1
        for trade in trades:
            self.covered.setdefault(trade.symbol, Spans()).add(trade.trade_id, trade.trade_id)
        lines = [line_of(trade) for trade in trades]
        lines += [kline_line(self.symbol, opened, candle, event_at=event_at) for opened, candle in klines]
        manifest = Manifest(
            recorder=self.name,
            seq=self.sequence,
            prev=None,
            created=START + self.sequence * 1_000_000,
            lines=len(lines),
            spans={},
            covered={symbol: ids.ranges() for symbol, ids in self.covered.items()},
            declared={self.symbol: self.declared} if self.declared else {},
            klines={self.symbol: len(klines)} if klines else {},
        )
        minute, second = divmod(self.sequence, 60)
        name = f"binance/raw/2024-08-09/00/stream_2024-08-09_00-{minute:02}-{second:02}.000000_{self.name}.json.zst"
        return LakeObject(name, lines, manifest)


def line_of(trade: Trade, source: str = "ws") -> bytes:
    return trade_line(
        trade.symbol,
        trade.trade_id,
        trade.at,
        price=str(trade.price),
        quantity=str(trade.quantity),
        is_buyer_maker=trade.is_buyer_maker,
        source=source,
    )


def kline(trade: Trade) -> dict[str, object]:
    """The exchange's candle of a minute with this one trade."""
    price, quantity = str(trade.price), str(trade.quantity)
    quote = str(trade.quote)
    bought, paid = ("0", "0") if trade.is_buyer_maker else (quantity, quote)
    values = {
        "o": price,
        "h": price,
        "l": price,
        "c": price,
        "v": quantity,
        "q": quote,
        "n": 1,
        "V": bought,
        "Q": paid,
    }
    return values | {"f": trade.trade_id, "L": trade.trade_id}
