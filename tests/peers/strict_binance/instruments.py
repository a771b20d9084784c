"""The markets: each has one thing that a client may not have thought of."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """A spot market. `quantity` is a usual trade in the base asset; `young` markets were listed minutes ago."""

    symbol: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    price: Decimal
    quantity: Decimal
    first_id: int
    young: bool = False


INSTRUMENTS = (
    # tick x step = 1e-9: the product of price and quantity has more places than a quote asset has
    Instrument(
        "ETHBTC",
        "ETH",
        "BTC",
        Decimal("0.00001"),
        Decimal("0.0001"),
        Decimal("0.03577"),
        Decimal("0.1267"),
        491_002_113,
    ),
    # a name that is not ASCII (listed as such; rest-api.md: "symbol names containing non-ASCII characters")
    Instrument(
        "币安人生USDT",
        "币安人生",
        "USDT",
        Decimal("0.0001"),
        Decimal("0.1"),
        Decimal("0.2154"),
        Decimal("310.5"),
        7_214_409,
    ),
    # the smallest price there is, and quantities of billions
    Instrument(
        "BTTCBTC",
        "BTTC",
        "BTC",
        Decimal("0.00000001"),
        Decimal("1"),
        Decimal("0.00000001"),
        Decimal("2000000000"),
        88_771,
    ),
    # a market whose first trade has the id 0 (binance-public-data shows id 0 in its example of aggTrades)
    Instrument(
        "NEWUSDT", "NEW", "USDT", Decimal("0.001"), Decimal("0.01"), Decimal("4.151"), Decimal("12.5"), 0, young=True
    ),
    # ids are LONG: 2**53 is where a double loses them
    Instrument(
        "DOGEUSDT", "DOGE", "USDT", Decimal("0.00001"), Decimal("1"), Decimal("0.15873"), Decimal("870"), 2**53 + 12_345
    ),
)
