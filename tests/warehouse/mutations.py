"""Faults that a tape may have, and whether its footprint's sums or its ids betray them."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from candlewick.warehouse.flow.verdict import differing
from warehouse.flowing import Footprint
from warehouse.oracle import Trade

KINDS = ("drop", "double", "flip", "price", "quantity", "swap", "reorder")
TICK, LOT = Decimal("0.01"), Decimal("0.00001")


def mutated(trades: Sequence[Trade], kind: str, rng: random.Random) -> list[Trade]:
    """Return a tape with one fault, drawn at random."""
    made, at = list(trades), rng.randrange(len(trades) - 1)
    trade = made[at]
    match kind:
        case "drop":
            del made[at]
        case "double":
            made.insert(at, trade)
        case "flip":
            made[at] = replace(trade, is_buyer_maker=not trade.is_buyer_maker)
        case "price":
            made[at] = replace(trade, price=trade.price + rng.choice((-TICK, TICK)))
        case "quantity":
            made[at] = replace(trade, quantity=trade.quantity + LOT)
        case "swap":
            other = rng.choice([n for n, each in enumerate(made) if is_felt(trade, each)])
            made[at], made[other] = (
                replace(trade, quantity=made[other].quantity),
                replace(made[other], quantity=trade.quantity),
            )
        case "reorder":
            made[at], made[at + 1] = made[at + 1], trade
    return made


def is_felt(trade: Trade, other: Trade) -> bool:
    """Whether trades of these two differ in more than their ids when their quantities are swapped."""
    return trade.quantity != other.quantity and trade.price != other.price


def is_caught(
    trades: Sequence[Trade], kline: Sequence[Decimal | int], ids: tuple[int, int], step: Decimal = Decimal(5)
) -> bool:
    """Whether the exchange's sums differ from the footprint's, or its ids are not all there, each once, in order."""
    high, low, *sums = Footprint.of(trades, step).sums
    is_chain = [trade.trade_id for trade in trades] == list(range(ids[0], ids[1] + 1))
    return not is_chain or bool(differing((*sums, high, low), kline))
