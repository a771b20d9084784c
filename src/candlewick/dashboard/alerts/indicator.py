"""Alerts on indicators: what an indicator is called, its values over candles, and the candles that meet an alert. Pure.

An indicator is judged where a candle closes, by the chart's own rules: averages begin with the mean of their first
values, RSI with Wilder's averages. It is a float, as on the chart: it is no money.
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

_NAMED = re.compile(r"(sma|ema|rsi)\(([1-9][0-9]{0,3})\)")
_FORGOTTEN = 1e-6
LONGEST = 500


class Indicator(NamedTuple):
    """`rsi(14)` is compared with a level, `sma(20)` and `ema(50)` with the close."""

    name: str
    length: int

    @classmethod
    def named(cls, text: str) -> "Indicator | None":
        """Return the indicator of a text such as `ema(50)`; None for what is none."""
        found = _NAMED.fullmatch(text)
        return cls(found[1], int(found[2])) if found and int(found[2]) <= LONGEST else None

    @property
    def has_level(self) -> bool:
        """Whether it is compared with a number."""
        return self.name == "rsi"

    @property
    def title(self) -> str:
        """As people say it."""
        return f"{self.name.upper()} {self.length}"

    @property
    def history(self) -> int:
        """How many candles before one its value depends on, to a millionth."""
        weight = {"sma": 1.0, "ema": 2 / (self.length + 1), "rsi": 1 / self.length}[self.name]
        tail = 0 if weight >= 1 else math.ceil(math.log(_FORGOTTEN) / math.log(1 - weight))
        return self.length + tail + 1

    def values(self, closes: Sequence[float]) -> list[float]:
        """Return its value at each close; NaN where there is none yet."""
        if self.name == "sma":
            return [_mean(closes, at, self.length) for at in range(len(closes))]
        if self.name == "ema":
            return _smoothed(closes, self.length, 2 / (self.length + 1))
        moves = [math.nan, *(now - before for before, now in pairwise(closes))]
        up = _smoothed([max(move, 0.0) for move in moves], self.length, 1 / self.length, first=1)
        down = _smoothed([max(-move, 0.0) for move in moves], self.length, 1 / self.length, first=1)
        return [_strength(rises, falls) for rises, falls in zip(up, down, strict=True)]


def turns(indicator: Indicator, level: str, closes: Sequence[float]) -> Iterator[tuple[int, str, float]]:
    """Yield each candle at which an indicator comes to its level, or the close to the indicator.

    Its place, whether it `rose` or `fell`, and the indicator's value there.
    """
    values = indicator.values(closes)
    heights = [
        value - float(level) if indicator.has_level else close - value
        for value, close in zip(values, closes, strict=True)
    ]
    for at in range(1, len(closes)):
        before, now = heights[at - 1], heights[at]
        if before < 0 <= now:
            yield at, "rose", values[at]
        elif before > 0 >= now:
            yield at, "fell", values[at]


def _mean(values: Sequence[float], at: int, length: int, first: int = 0) -> float:
    start = at - length + 1
    return sum(values[start : at + 1]) / length if start >= first else math.nan


def _smoothed(values: Sequence[float], length: int, weight: float, first: int = 0) -> list[float]:
    made: list[float] = []
    for at, value in enumerate(values):
        before = made[-1] if made else math.nan
        made.append(_mean(values, at, length, first) if math.isnan(before) else before + weight * (value - before))
    return made


def _strength(up: float, down: float) -> float:
    if math.isnan(up):
        return math.nan
    return 100.0 if down == 0 else 100 - 100 / (1 + up / down)
