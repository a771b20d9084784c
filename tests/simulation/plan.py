"""Pure: what happens in a run, all of it drawn from one seed."""

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from candlewick.exchange.faults import KINDS

Deed = Literal["kill", "stop", "lake down", "lake unheard", "lake slow"]
EXCHANGE_KINDS = [kind.name for kind in KINDS.values() if kind.room != "archive"]
DEEDS: tuple[Deed, ...] = ("kill", "stop", "lake down", "lake unheard", "lake slow")


@dataclass(frozen=True)
class Act:
    """Something that is done to the recorder or its lake `after` so many seconds, for `seconds`.

    A recorder that was killed or stopped comes back after that, `ahead` of the truth by its wall clock, and where it
    `loses` it without its `state.json`.
    """

    deed: Deed
    after: float
    seconds: float
    loses: bool = False
    ahead: float = 0.0


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
    deed = rng.choices(DEEDS, (5, 2, 2, 1, 1))[0]
    return Act(
        deed,
        after=rng.uniform(0, seconds / 4),
        seconds=10.0 ** rng.uniform(-2, 2.5),
        loses=rng.random() < 0.3,
        ahead=rng.choice((0.0, 0.0, 0.0, rng.uniform(-3, 3), rng.uniform(-4_000, 4_000))),
    )
