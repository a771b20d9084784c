"""Pure: what happens in a run, all of it drawn from one seed."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from candlewick.fake_binance.faults import KINDS

Deed = Literal["kill", "kill before put", "kill after put", "stop", "lake down", "lake unheard", "lake slow"]
EXCHANGE_KINDS = [kind.name for kind in KINDS.values() if kind.room != "archive"]
DEEDS: dict[Deed, int] = {
    "kill": 4,
    "kill before put": 1,
    "kill after put": 3,
    "stop": 2,
    "lake down": 2,
    "lake unheard": 1,
    "lake slow": 1,
}
"""What is done, and how often."""


@dataclass(frozen=True)
class Act:
    """Something that is done to the recorder or its lake `after` so many seconds, for `seconds`.

    A recorder that was killed or stopped comes back after that, `ahead` of the truth by its wall clock, and where it
    `loses` it without its `state.json`. It may be killed at any instant, or in the middle of a put to the lake: before
    the object is there, or after that and before the recorder knows.
    """

    deed: Deed
    after: float
    seconds: float
    loses: bool = False
    ahead: float = 0.0

    @property
    def is_restart(self) -> bool:
        """Whether the recorder ends and comes back."""
        return not self.deed.startswith("lake")


@dataclass(frozen=True)
class Plan:
    """A run: `rates` are trades/s by symbol, `kinds` the exchange's faults, one in `every` seconds."""

    seed: int
    rates: dict[str, float]
    hours: float
    history_minutes: int
    latency: float
    kinds: list[str]
    every: float
    acts: list[Act] = field(default_factory=list)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols with their rates, as the exchange's options take them."""
        return tuple(f"{symbol}={rate:.3f}" for symbol, rate in self.rates.items())


def draw(seed: int, hours: float) -> Plan:
    """Draw a plan of about so many hours."""
    rng = Random(seed)
    symbols = ["BTCDEMO", "ETHDEMO", "SOLDEMO"][: rng.choice((1, 1, 2, 3))]
    kinds = rng.sample(EXCHANGE_KINDS, rng.randint(3, 12))
    return Plan(
        seed=seed,
        rates={symbol: round(2.0 ** rng.uniform(-5, 2), 3) for symbol in symbols},
        hours=hours,
        history_minutes=rng.choice((0, 0, 5, 60)),
        latency=round(10.0 ** rng.uniform(-3, -0.7), 4),
        kinds=kinds,
        every=round(10.0 ** rng.uniform(0.6, 1.6), 1),
        acts=[_act(rng, hours * 3_600) for _ in range(rng.randint(1, 5))],
    )


def _act(rng: Random, seconds: float) -> Act:
    deed = rng.choices(list(DEEDS), list(DEEDS.values()))[0]
    return Act(
        deed,
        after=rng.uniform(0, seconds / 4),
        seconds=10.0 ** rng.uniform(-2, 2.5),
        loses=rng.random() < 0.3,
        ahead=rng.choice((0.0, 0.0, 0.0, rng.uniform(-3, 3), rng.uniform(-4_000, 4_000))),
    )
