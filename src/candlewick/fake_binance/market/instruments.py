"""What is traded: names, tick and lot, and the character of a synthetic market."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from candlewick.errors import ConfigError
from candlewick.fake_binance.market.noise import Ints

SCALE = 10**8
"""Prices and quantities have eight decimals on the wire: this many units make 1."""

MAX_RATE = 2_000
"""Synthetic markets have at most so many trades/s in the mean."""

DEMO_QUOTE = "DEMO"
"""A quote asset that no exchange has, so that a demo's symbols cannot be taken for real ones."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """A symbol and its smallest steps; `tick` and `lot` are in units of 1e-8."""

    symbol: str
    base: str
    quote: str
    tick: int
    lot: int

    def quote_amount(self, ticks: Ints, lots: Ints) -> Ints:
        """Return what trades are worth, in 1e-8 of the quote asset: each cut there, as Binance cuts `quoteQty`."""
        common = gcd(self.tick * self.lot, SCALE)
        return ticks * lots * (self.tick * self.lot // common) // (SCALE // common)


@dataclass(frozen=True, slots=True)
class Character:
    """How a synthetic market behaves: `rate` trades/s in the mean, a price to start from, a daily volatility."""

    instrument: Instrument
    rate: float
    price: int
    daily_volatility: float


_KNOWN = {
    "BTCDEMO": (97_000, 1_000_000, 1_000, 0.026, 1.0),
    "ETHDEMO": (3_400, 1_000_000, 10_000, 0.034, 0.5),
    "SOLDEMO": (210, 1_000_000, 100_000, 0.045, 0.2),
    "ETHBTCDEMO": (0.03577, 1_000, 10_000, 0.021, 0.1),  # a tick times a lot is finer than a quote amount can be
}
"""Per symbol: price, tick, lot, daily volatility, and its rate as a share of the first symbol's."""

_OTHER = (100, 1_000_000, 100_000, 0.04, 0.1)


def characters(names: Sequence[str], rate: float) -> list[Character]:
    """Return synthetic markets, the first of which has `rate` trades/s and the others their usual share of that.

    `NAME=0.01` gives one a mean rate of its own. Raises `ConfigError` for a name that could be a real symbol's.
    """
    first = _KNOWN.get(names[0].upper(), _OTHER)
    share = 1.0 if "=" in names[0] else first[-1]
    return [character(name, rate / share) for name in names]


def character(name: str, rate: float) -> Character:
    """Return the synthetic market called `name`, where a market of share 1 has `rate` trades/s."""
    symbol, _, own_rate = name.upper().partition("=")
    base = symbol.removesuffix(DEMO_QUOTE)
    if not base.isalnum() or base == symbol:
        raise ConfigError(f"expected a made-up symbol that ends in {DEMO_QUOTE}, such as BTCDEMO, got {name!r}")
    price, tick, lot, volatility, share = _KNOWN.get(symbol, _OTHER)
    return Character(
        instrument=Instrument(symbol, base, DEMO_QUOTE, tick, lot),
        rate=_rate(own_rate or str(rate * share), name),
        price=round(price * SCALE) // tick,
        daily_volatility=volatility,
    )


def _rate(text: str, name: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate <= MAX_RATE:
        raise ConfigError(f"{name}: expected a mean rate above 0 and at most {MAX_RATE} trades/s, got {text}")
    return rate


def decimal(units: int) -> str:
    """Write units of 1e-8 with all eight decimals."""
    return f"{units // SCALE}.{units % SCALE:08d}"


def units(text: str) -> int:
    """Read a decimal with at most eight decimals as units of 1e-8. Raises `ValueError`."""
    whole, _, fraction = text.partition(".")
    if len(fraction) > 8 or not (whole + fraction).isdigit():
        raise ValueError(f"expected a decimal with at most eight decimals, got {text!r}")
    return int(whole) * SCALE + int(fraction.ljust(8, "0"))
