"""What footprints must be, computed in plain Python from the trades: slow, and nothing like the SQL."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from warehouse.oracle import UNIT, Trade, floor

STEPS = [base * Decimal(10) ** power * UNIT for power in range(18) for base in (1, 5)]
NONE = Decimal(0)


@dataclass
class Level:
    """What was traded in [price, price + step)."""

    buy_volume: Decimal = NONE
    sell_volume: Decimal = NONE
    buy_quote_volume: Decimal = NONE
    sell_quote_volume: Decimal = NONE
    buy_count: int = 0
    sell_count: int = 0
    high: Decimal = Decimal("-Infinity")
    low: Decimal = Decimal("Infinity")

    def add(self, trade: Trade) -> None:
        """Count a trade."""
        if trade.is_buyer_maker:
            self.sell_volume += trade.quantity
            self.sell_quote_volume += trade.quote
            self.sell_count += 1
        else:
            self.buy_volume += trade.quantity
            self.buy_quote_volume += trade.quote
            self.buy_count += 1
        self.high, self.low = max(self.high, trade.price), min(self.low, trade.price)


@dataclass
class Footprint:
    """The levels of some trades, in the order of their ids."""

    step: Decimal
    levels: dict[Decimal, Level] = field(default_factory=dict)
    deltas: list[Decimal] = field(default_factory=list)

    @classmethod
    def of(cls, trades: Iterable[Trade], step: Decimal) -> "Footprint":
        """Count trades into levels."""
        footprint = cls(step)
        delta = NONE
        for trade in sorted(trades, key=lambda each: each.trade_id):
            footprint.levels.setdefault(trade.price // step * step, Level()).add(trade)
            delta += -trade.quantity if trade.is_buyer_maker else trade.quantity
            footprint.deltas.append(delta)
        return footprint

    @property
    def sums(self) -> tuple[Decimal | int, ...]:
        """High, low, count, base, quote, taker's base and quote: what the exchange's candle says, too."""
        levels = self.levels.values()
        return (
            max(level.high for level in levels),
            min(level.low for level in levels),
            sum(level.buy_count + level.sell_count for level in levels),
            sum((level.buy_volume + level.sell_volume for level in levels), NONE),
            sum((level.buy_quote_volume + level.sell_quote_volume for level in levels), NONE),
            sum((level.buy_volume for level in levels), NONE),
            sum((level.buy_quote_volume for level in levels), NONE),
        )


def step_of(trades: Sequence[Trade]) -> Decimal:
    """The step of a minute: the smallest with which it has few enough levels."""
    prices = [trade.price for trade in trades]
    most = min(64, max(8, len(trades) // 8))
    return next(step for step in STEPS if max(prices) // step - min(prices) // step < most)


def minutes(trades: Iterable[Trade]) -> dict[tuple[str, datetime], Footprint]:
    """The footprint of each minute with trades."""
    grouped: dict[tuple[str, datetime], dict[int, Trade]] = {}
    for trade in trades:
        grouped.setdefault((trade.symbol, floor(trade.traded_at, 60)), {}).setdefault(trade.trade_id, trade)
    return {key: Footprint.of(group.values(), step_of(list(group.values()))) for key, group in grouped.items()}


COLUMNS = (
    "symbol, open_time, price, step, buy_volume, sell_volume, buy_quote_volume, sell_quote_volume, buy_count,"
    " sell_count, high, low, min_delta, max_delta"
)


def rows(trades: Iterable[Trade]) -> list[tuple[object, ...]]:
    """The rows of `COLUMNS` of GOLD.TRADES_FOOTPRINT_1M, ordered by the first three."""
    return sorted(
        (*key, price, footprint.step, *vars(level).values(), min(footprint.deltas), max(footprint.deltas))
        for key, footprint in minutes(trades).items()
        for price, level in footprint.levels.items()
    )
