"""How a local exchange is set up."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from candlewick.errors import ConfigError
from candlewick.fake_binance.market.instruments import MAX_RATE

MAX_SPEED = 0.0
"""The speed of a replay that goes as fast as its clients take it."""


@dataclass(frozen=True, slots=True)
class ExchangeOptions:
    """A synthetic market (the default), or the replay of a capture where `replay` names its file or folder.

    `rate` is the mean of the first symbol in trades/s; another's is its usual share of that, or what `NAME=0.01`
    says. `history` is how far back a synthetic market reaches. `speed` of a replay: 1 as recorded, 20 twenty times
    as fast, 0 (`MAX_SPEED`) as fast as clients take it. `shift_to_now` moves a replay's times to the present.
    A replay starts when the first client subscribes, or at once without `wait_for_client`.
    `faults` is what `faults.schedule.parse` reads: `on-demand`, or `seed=7,every=5s,kinds=drop|silence`.
    """

    host: str = "127.0.0.1"
    port: int = 9443
    seed: int = 7
    symbols: tuple[str, ...] = ("BTCDEMO", "ETHDEMO", "SOLDEMO", "ETHBTCDEMO")
    rate: float = 10.0
    history: timedelta = timedelta(days=365)
    replay: Path | None = None
    speed: float = 1.0
    shift_to_now: bool = False
    wait_for_client: bool = True
    weight_limit: int = 6_000
    ping_seconds: float = 20.0
    pong_seconds: float = 60.0
    run_path: Path | None = None
    faults: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate <= MAX_RATE:
            raise ConfigError(f"exchange: expected a rate above 0 and at most {MAX_RATE} trades/s, got {self.rate}")
        if self.speed < 0:
            raise ConfigError(f"exchange: expected a speed of 0 (as fast as possible) or above, got {self.speed}")
        if self.replay is None and self.shift_to_now:
            raise ConfigError("exchange: shift-to-now moves a replay; name the capture with --replay")
        if len(set(self.symbols)) != len(self.symbols) or not self.symbols:
            raise ConfigError(f"exchange: expected different symbols, at least one, got {self.symbols}")
