"""What SILVER and GOLD must be, computed in plain Python from the trades: slow, and nothing like the SQL."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)
MINUTE = timedelta(minutes=1)
UNIT = Decimal("0.00000001")
ROLL_UPS = {"5m": 5, "15m": 15, "1h": 60, "4h": 240}


@dataclass(frozen=True)
class Trade:
    """One print; `at` in µs since the epoch."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    is_buyer_maker: bool
    at: int

    @property
    def quote(self) -> Decimal:
        """In the quote asset, cut after eight places: Binance's `quoteQty`."""
        return (self.price * self.quantity).quantize(UNIT, ROUND_DOWN)

    @property
    def traded_at(self) -> datetime:
        return EPOCH + timedelta(microseconds=self.at)


SOURCES = ("archive", "rest", "ws")
"""From the one that counts most."""


@dataclass(frozen=True)
class Copy:
    """A trade as one source tells it."""

    trade: Trade
    source: str

    @property
    def rank(self) -> tuple[object, ...]:
        """The smallest of a trade's copies is the one that counts."""
        trade = self.trade
        return SOURCES.index(self.source), -trade.at, trade.price, trade.quantity, trade.is_buyer_maker


def winners(copies: Iterable[Copy]) -> list[Trade]:
    """The copy that counts of each trade, ascending by symbol and id."""
    best: dict[tuple[str, int], Copy] = {}
    for copy in copies:
        key = (copy.trade.symbol, copy.trade.trade_id)
        best[key] = min(best.get(key, copy), copy, key=lambda each: each.rank)
    return [best[key].trade for key in sorted(best)]


@dataclass
class Candle:
    symbol: str
    open_time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal
    trade_count: int
    taker_buy_volume: Decimal
    taker_buy_quote_volume: Decimal
    first_trade_id: int | None
    last_trade_id: int | None
    is_closed: bool
    is_complete: bool

    @property
    def row(self) -> tuple[object, ...]:
        """The columns that `COLUMNS` names."""
        vwap = (self.quote_volume / self.volume).quantize(UNIT, ROUND_HALF_UP) if self.volume else None
        return (*self.__dict__.values(), vwap)


COLUMNS = ", ".join([*Candle.__annotations__, "vwap"])


def gold(trades: Iterable[Trade], zone: str) -> dict[str, list[tuple[object, ...]]]:
    """All gold tables by timeframe, as rows of `COLUMNS` ordered by symbol and open time."""
    tables: dict[str, list[Candle]] = {timeframe: [] for timeframe in ("1s", "1m", *ROLL_UPS, "1d")}
    by_symbol: dict[str, dict[int, Trade]] = {}
    for trade in trades:
        by_symbol.setdefault(trade.symbol, {}).setdefault(trade.trade_id, trade)
    for symbol in sorted(by_symbol):
        tape = by_symbol[symbol]
        minutes = traded(tape, 60)
        minutes = sorted([*minutes, *flat(tape, minutes)], key=lambda candle: candle.open_time)
        tables["1s"] += traded(tape, 1)
        tables["1m"] += minutes
        for timeframe, length in ROLL_UPS.items():
            tables[timeframe] += rolled_up(minutes, lambda at, length=length: regular(at, length))
        tables["1d"] += rolled_up(minutes, lambda at: day(at, ZoneInfo(zone)))
    return {timeframe: [candle.row for candle in candles] for timeframe, candles in tables.items()}


def traded(tape: Mapping[int, Trade], seconds: int) -> list[Candle]:
    """Candles of the intervals with trades, ascending."""
    groups: dict[datetime, list[Trade]] = {}
    for trade_id in sorted(tape):
        groups.setdefault(floor(tape[trade_id].traded_at, seconds), []).append(tape[trade_id])
    newest = max(groups)
    return [candle_of(opened, group, tape, newest) for opened, group in sorted(groups.items())]


def candle_of(opened: datetime, group: list[Trade], tape: Mapping[int, Trade], newest: datetime) -> Candle:
    first, last = group[0].trade_id, group[-1].trade_id
    bought = [trade for trade in group if not trade.is_buyer_maker]
    return Candle(
        symbol=group[0].symbol,
        open_time=opened,
        open=group[0].price,
        high=max(trade.price for trade in group),
        low=min(trade.price for trade in group),
        close=group[-1].price,
        volume=sum((trade.quantity for trade in group), Decimal(0)),
        quote_volume=sum((trade.quote for trade in group), Decimal(0)),
        trade_count=len(group),
        taker_buy_volume=sum((trade.quantity for trade in bought), Decimal(0)),
        taker_buy_quote_volume=sum((trade.quote for trade in bought), Decimal(0)),
        first_trade_id=first,
        last_trade_id=last,
        is_closed=opened < newest,
        is_complete=opened < newest and all(trade_id in tape for trade_id in range(first - 1, last + 2)),
    )


def flat(tape: Mapping[int, Trade], minutes: list[Candle]) -> list[Candle]:
    """A candle for each minute between two neighbouring ids that are in two minutes further apart."""
    taken = {candle.open_time for candle in minutes}
    candles = []
    for trade_id in sorted(tape):
        if trade_id + 1 not in tape:
            continue
        opened = floor(tape[trade_id].traded_at, 60) + MINUTE
        while opened < floor(tape[trade_id + 1].traded_at, 60):
            if opened not in taken:
                candles.append(flat_candle(tape[trade_id], opened))
            opened += MINUTE
    return candles


def flat_candle(before: Trade, opened: datetime) -> Candle:
    price, none = before.price, Decimal(0)
    return Candle(before.symbol, opened, price, price, price, price, none, none, 0, none, none, None, None, True, True)


def rolled_up(minutes: list[Candle], interval: "object") -> list[Candle]:
    """Larger candles; `interval` gives start and end of the one that a minute belongs to."""
    newest = max(candle.open_time for candle in minutes)
    groups: dict[tuple[datetime, datetime], list[Candle]] = {}
    for candle in minutes:
        groups.setdefault(interval(candle.open_time), []).append(candle)  # type: ignore[operator]
    return [joined(period, group, newest) for period, group in sorted(groups.items(), key=lambda item: item[0])]


def joined(period: tuple[datetime, datetime], group: list[Candle], newest: datetime) -> Candle:
    priced = [candle for candle in group if candle.trade_count] or group
    return Candle(
        symbol=group[0].symbol,
        open_time=period[0],
        open=priced[0].open,
        high=max(candle.high for candle in priced),
        low=min(candle.low for candle in priced),
        close=priced[-1].close,
        volume=sum((candle.volume for candle in group), Decimal(0)),
        quote_volume=sum((candle.quote_volume for candle in group), Decimal(0)),
        trade_count=sum(candle.trade_count for candle in group),
        taker_buy_volume=sum((candle.taker_buy_volume for candle in group), Decimal(0)),
        taker_buy_quote_volume=sum((candle.taker_buy_quote_volume for candle in group), Decimal(0)),
        first_trade_id=priced[0].first_trade_id,
        last_trade_id=priced[-1].last_trade_id,
        is_closed=newest >= period[1],
        is_complete=len(group) == (period[1] - period[0]) // MINUTE and all(candle.is_complete for candle in group),
    )


def regular(at: datetime, minutes: int) -> tuple[datetime, datetime]:
    opened = floor(at, 60 * minutes)
    return opened, opened + timedelta(minutes=minutes)


def day(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day of a zone as instants in UTC; of two midnights the first."""
    date = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
    midnights = [datetime(each.year, each.month, each.day, tzinfo=zone) for each in (date, date + timedelta(days=1))]
    opened, closed = (midnight.astimezone(ZoneInfo("UTC")).replace(tzinfo=None) for midnight in midnights)
    return opened, closed


def floor(at: datetime, seconds: int) -> datetime:
    return EPOCH + (at - EPOCH) // timedelta(seconds=seconds) * timedelta(seconds=seconds)
