"""Pure: frames as they should not be, made from those that are right."""

import re
from random import Random
from typing import NamedTuple

_TRADE = re.compile(r'"e":"trade","E":\d+,"s":"([^"]+)","t":(\d+),"p":"(\d+)\.(\d+)"')
_TICK = 1_000_000
"""0.01, in units of 1e-8: what a changed price differs by, at least."""


class Named(NamedTuple):
    """Which trade a frame carries."""

    symbol: str
    trade_id: int


def trade_of(text: str) -> Named | None:
    """Return the trade in a frame, combined or raw; None where it carries something else."""
    found = _TRADE.search(text)
    return Named(found[1], int(found[2])) if found else None


def with_another_price(text: str, rng: Random) -> str:
    """Return a trade's frame with another price, some ticks away."""
    found = _TRADE.search(text)
    if found is None:
        raise ValueError(f"expected a trade's frame, got {text[:80]!r}")
    units = int(found[3]) * 10**8 + int(found[4].ljust(8, "0")) + _TICK * rng.randint(1, 500)
    price = f"{units // 10**8}.{units % 10**8:08d}"
    return f"{text[: found.start(3)]}{price}{text[found.end(4) :]}"


def cut(text: str, rng: Random) -> str:
    """Return a frame whose JSON breaks off somewhere."""
    return text[: rng.randrange(1, len(text))]


def with_wrong_types(text: str, rng: Random) -> str:
    """Return a frame one of whose fields has another type: text for a number, a number for text, null for both."""
    changes = (
        lambda: re.sub(r'"([tT])":(\d+)', r'"\1":"\2"', text),
        lambda: re.sub(r'"p":"([\d.]+)"', r'"p":\1', text),
        lambda: re.sub(r'"([so])":"[^"]*"', r'"\1":null', text),
        lambda: re.sub(r'"E":(\d+)', r'"E":\1.5', text),
    )
    return rng.choice(changes)()


def undocumented(rng: Random) -> str:
    """Return an event that no document names."""
    event = rng.choice(("tradeV2", "maintenance", "blockTrade"))
    return f'{{"stream":"btcdemo@{event}","data":{{"e":"{event}","E":{rng.randrange(10**12)},"x":[1,{{"y":null}}]}}}}'
