"""What an alert is, and when it is met. Pure.

A price alert is met by a trade: `cross` where the price comes to the level or passes it from either side, `above` from
below only, `below` from above only. A tape alert is met by the state of the pipeline: `stale` where the newest trade is
older than `level` seconds, `hole` where trades are missing, `mismatch` where a candle is not the exchange's own, `seal`
where a day that is over cannot be sealed. An `indicator` alert is met where a candle closes (`indicator.py`).
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Literal

import msgspec

from candlewick.dashboard.alerts.indicator import LONGEST, Indicator
from candlewick.dashboard.bars import FeedTrade, decimal_text, scaled
from candlewick.moments import seconds_of

Kind = Literal["cross", "above", "below", "stale", "hole", "mismatch", "seal", "indicator"]
PRICE_KINDS = frozenset({"cross", "above", "below"})
NOTE_CHARACTERS = 200
_MOST = 10**30


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert as somebody makes it. `level` is a price, or seconds for `stale`, as the reader wrote it."""

    kind: Kind
    symbol: str = ""
    level: str = ""
    indicator: str = ""
    """`rsi(14)`, `ema(50)`; for kind `indicator`, with the `timeframe` of its candles and the `side` it counts from."""
    timeframe: str = ""
    side: Literal["cross", "above", "below"] = "cross"
    note: str = ""
    repeats: bool = False
    """Whether it rings again, at the earliest `rest` seconds after it rang; else once."""
    rest: int = 60
    expires_at: int | None = None
    """In µs since the epoch, as all times."""


class Alert(Wanted, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """One alert that is kept."""

    id: str
    is_armed: bool = True
    since_id: int = 0
    """A price alert looks at trades behind this one only."""
    seen_at: int = 0
    """The open time of the newest candle that an indicator's alert looked at."""
    rang_at: int | None = None
    is_on: bool = False
    """Whether the trouble that a tape alert is about lasts, so that it is told once."""

    @property
    def is_of_price(self) -> bool:
        """Whether trades decide it."""
        return self.kind in PRICE_KINDS

    @property
    def is_of_tape(self) -> bool:
        """Whether the state of the pipeline decides it."""
        return not self.is_of_price and self.kind != "indicator"

    def is_due(self, at: int) -> bool:
        """Whether it may ring at a moment."""
        if not self.is_armed or (self.expires_at is not None and at >= self.expires_at):
            return False
        return self.rang_at is None or not self.repeats or at - self.rang_at >= self.rest * 1_000_000


class Ring(msgspec.Struct, frozen=True):
    """An alert that was met. `key` is the same however often the same trade is looked at."""

    key: str
    alert: str
    at: int
    text: str
    symbol: str = ""
    trade_id: int | None = None
    price: str = ""


def problem_of(alert: Alert) -> str | None:
    """Say in one line what is wrong with an alert that somebody made; None where nothing is."""
    if len(alert.note) > NOTE_CHARACTERS:
        return f"note: expected at most {NOTE_CHARACTERS} characters, got {len(alert.note)}"
    if not 0 < alert.rest <= 86_400:
        return f"rest: expected 1 to 86400 seconds, got {alert.rest}"
    if alert.is_of_price and not alert.symbol:
        return f"symbol: expected one for an alert of kind {alert.kind}"
    if alert.kind == "indicator":
        return _problem_of_indicator(alert)
    return _problem_of_level(alert) if alert.is_of_price or alert.kind == "stale" else None


def _problem_of_indicator(alert: Alert) -> str | None:
    indicator = Indicator.named(alert.indicator)
    if indicator is None:
        return f"indicator: expected sma(n), ema(n) or rsi(n), n at most {LONGEST}, got {alert.indicator[:40]!r}"
    if not alert.symbol:
        return "symbol: expected one for an alert of kind indicator"
    if seconds_of(alert.timeframe) is None or alert.timeframe == "1s":
        return f"timeframe: expected one such as 5m, 1h, got {alert.timeframe[:40]!r}"
    if not indicator.has_level:
        return f"level: expected none, as the close is compared, got {alert.level[:40]!r}" if alert.level else None
    return _problem_of_level(alert)


def _problem_of_level(alert: Alert) -> str | None:
    got = f"got {alert.level[:40]!r}"
    try:
        level = Decimal(alert.level)
    except InvalidOperation:
        return f"level: expected a number, {got}"
    if not (level.is_finite() and 0 < level < _MOST):
        return f"level: expected a number above 0, {got}"
    return f"level: expected at most 8 places, {got}" if level != round(level, 8) else None


def is_met(kind: str, level: int, before: int, price: int) -> bool:
    """Whether a price that went from `before` to `price` meets a level; all in 10^-8. A price that stays meets none."""
    rises, falls = before < level <= price, before > level >= price
    return {"cross": rises or falls, "above": rises, "below": falls}[kind]


def rings_of(alerts: Iterable[Alert], trades: Iterable[FeedTrade], before: int | None) -> Iterator[tuple[Alert, Ring]]:
    """Yield each ring of price alerts of one symbol over trades ascending by id, with the alert as it is afterwards.

    `before` is the price of the trade in front of the first, None where it is not known: that trade meets nothing.
    """
    watched = {alert.id: alert for alert in alerts if alert.is_of_price and alert.is_armed}
    levels = {alert.id: scaled(alert.level) for alert in watched.values()}
    for trade in trades:
        for alert in _met(watched.values(), levels, before, trade):
            after = msgspec.structs.replace(alert, rang_at=trade.traded_at, is_armed=alert.repeats)
            if after.is_armed:
                watched[alert.id] = after
            else:
                del watched[alert.id]
            yield after, _ring(alert, trade, "fell" if before is not None and trade.price < before else "rose")
        before = trade.price


def _met(alerts: Iterable[Alert], levels: Mapping[str, int], before: int | None, trade: FeedTrade) -> list[Alert]:
    """The alerts that a trade meets."""
    if before is None or trade.price == before:
        return []
    return [
        alert
        for alert in alerts
        if trade.trade_id > alert.since_id
        and is_met(alert.kind, levels[alert.id], before, trade.price)
        and alert.is_due(trade.traded_at)
    ]


def _ring(alert: Alert, trade: FeedTrade, moved: str) -> Ring:
    price = decimal_text(trade.price)
    text = f"{alert.symbol} {moved} to {alert.level}" + (f": {alert.note}" if alert.note else "")
    return Ring(f"{alert.id}-{trade.trade_id}", alert.id, trade.traded_at, text, alert.symbol, trade.trade_id, price)
