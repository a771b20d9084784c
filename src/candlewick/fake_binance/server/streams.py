"""What a client may subscribe to: `<symbol>@trade`, `@aggTrade`, `@kline_<interval>` and `@kline_<interval>@+08:00`."""

from dataclasses import dataclass

from candlewick.fake_binance.market.intervals import Interval, interval


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream, parsed from its name."""

    name: str
    symbol: str
    kind: str
    """`trade`, `aggTrade` or `kline`; a kline stream has an `interval`."""

    interval: Interval | None = None


def parse(name: str) -> Stream | None:
    """Return the stream called `name`, or None where there is none: Binance documents no error for that."""
    symbol, _, rest = name.partition("@")
    if not symbol or symbol != symbol.lower():
        return None
    if rest in {"trade", "aggTrade"}:
        return Stream(name, symbol.upper(), rest)
    kind, _, zone = rest.partition("@")
    length = interval(kind.removeprefix("kline_"), zone or "0") if kind.startswith("kline_") else None
    return Stream(name, symbol.upper(), "kline", length) if length else None
