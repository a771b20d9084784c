"""Faults that a tape may have, and whether its footprint's sums or its ids betray them."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from candlewick.lake.objects import Lake
from candlewick.warehouse.flow.verdict import differing
from warehouse.bench import Bench
from warehouse.flowing import COLUMNS, Footprint, rows
from warehouse.lakes import MINUTE, START, Writer, kline_line, trade_line
from warehouse.oracle import EPOCH, Trade, candle_of

KINDS = ("drop", "double", "flip", "price", "quantity", "swap", "reorder")
MINUTE_OF_FAULTS = timedelta(microseconds=START)
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


def judged(
    bench: Bench, lake: Lake, kinds: Sequence[str | None], rng: random.Random, per_object: int = 2_000
) -> Counter[tuple[str | None, str]]:
    """Bring a minute for each kind of fault (None: as it was) into a warehouse, beside the exchange's own candle.

    Counts by kind and outcome: "caught", or proved, with the levels of the exchange's trades or with others. A trade
    that came twice, or in another order, is no fault once ids have sorted it out.
    """
    cases = {f"M{number}USDT": (kind, tape(f"M{number}USDT", rng)) for number, kind in enumerate(kinds)}
    lines = [line for kind, trades in cases.values() for line in told(trades, kind, rng)]
    writer = Writer(lake)
    names = [writer.stream(lines[at : at + per_object]) for at in range(0, len(lines), per_object)]
    bench.cycle([lake.read_object(name) for name in names])
    moment = f"timestamp '{EPOCH + MINUTE_OF_FAULTS}'"
    audited = bench.rows(f"select symbol, is_proved from gold.footprint_audit where open_time = {moment}")
    levels: dict[str, list[tuple[object, ...]]] = {}
    for row in bench.rows(f"select {COLUMNS} from gold.trades_footprint_1m where open_time = {moment} order by 1, 3"):
        levels.setdefault(str(row[0]), []).append(row)
    proved = {str(symbol) for symbol, is_proved in audited if is_proved}
    found: Counter[tuple[str | None, str]] = Counter()
    for symbol, (kind, trades) in cases.items():
        is_true = levels.get(symbol) == rows(trades[1:-2])
        outcome = f"proved, and {'the exchange' if is_true else 'another'}'s" if symbol in proved else "caught"
        found[kind, outcome] += 1
    return found


def tape(symbol: str, rng: random.Random) -> list[Trade]:
    """A minute of trades, with one in the minute before it and two in the one after it."""
    count, first = rng.randint(3, 40), rng.randint(1, 10**9)
    times = sorted(rng.randrange(MINUTE) for _ in range(count))
    at = [START - 1, *(START + each for each in times), START + MINUTE, START + MINUTE + 1]
    price = rng.randint(10**4, 10**7)
    return [
        Trade(
            symbol,
            first + number,
            (price + rng.randint(-200, 200)) * TICK,
            rng.randint(1, 10**6) * LOT,
            rng.random() < 0.5,
            moment,
        )
        for number, moment in enumerate(at)
    ]


def told(trades: Sequence[Trade], kind: str | None, rng: random.Random) -> Iterator[bytes]:
    """Raw lines of a minute of which one trade or so is not the exchange's, and the exchange's candle of it."""
    before, minute, after = trades[:1], trades[1:-2], trades[-2:]
    for each in [*before, *(mutated(minute, kind, rng) if kind else minute), *after]:
        price, quantity, is_buyer_maker = f"{each.price:.8f}", f"{each.quantity:.8f}", each.is_buyer_maker
        at = each.symbol, each.trade_id, each.at
        yield trade_line(*at, price=price, quantity=quantity, is_buyer_maker=is_buyer_maker)
    own = {each.trade_id: each for each in trades}
    candle = candle_of(EPOCH + MINUTE_OF_FAULTS, list(minute), own, trades[-1].traded_at)
    said = {
        **{"o": candle.open, "h": candle.high, "l": candle.low, "c": candle.close, "v": candle.volume},
        **{"q": candle.quote_volume, "V": candle.taker_buy_volume, "Q": candle.taker_buy_quote_volume},
    }
    ids: dict[str, object] = {"n": candle.trade_count, "f": candle.first_trade_id, "L": candle.last_trade_id}
    yield kline_line(minute[0].symbol, START, ids | {name: f"{amount:.8f}" for name, amount in said.items()})
