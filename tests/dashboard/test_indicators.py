"""The chart's indicators beside TA-Lib, the C library that most others are checked against.

Where TradingView defines something else than TA-Lib, the chart follows TradingView, and the test gives TA-Lib the input
for which both definitions coincide; each such place says so. Nothing here is computed by formulas of our own but VWAP,
which TA-Lib has not: pandas groups and sums it.
"""

import gzip
import json
import math
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from talipp.indicators import SuperTrend
from talipp.ohlcv import OHLCV

from candlewick.dashboard.alerts.indicator import Indicator
from made.recordings import RECORDINGS

FRONTEND = Path(__file__).parents[2] / "src/candlewick/dashboard/frontend"
PRECISION = 1e-9
DAY = 86_400

Columns = dict[str, np.ndarray]
Values = np.ndarray


@dataclass(frozen=True)
class Computed:
    """Bars, and what the chart's own code makes of them."""

    bars: Columns
    node: "subprocess.Popen[str]"

    def __call__(self, indicator: str) -> dict[str, Values]:
        bars = {name: column.tolist() for name, column in self.bars.items()}
        assert self.node.stdin is not None
        assert self.node.stdout is not None
        print(json.dumps({"bars": bars, "indicators": indicator}), file=self.node.stdin, flush=True)
        (outputs,) = json.loads(self.node.stdout.readline())
        return {name: np.array(values, dtype=float) for name, values in outputs.items()}

    def __getattr__(self, name: str) -> Values:
        return self.bars[name]


def node_with_packages() -> str:
    """Node, where the front end's packages are there too; else the test is skipped, and fails in CI."""
    found = shutil.which("node")
    ready = found and (FRONTEND / "node_modules/esbuild").is_dir()
    if not ready and "CI" not in os.environ:
        pytest.skip("the chart's own code needs Node and its packages: install Node, then `npm ci` in the front end")
    assert ready, f"CI must have Node (found: {found}) and the packages of {FRONTEND}"
    return str(found)


@pytest.fixture(scope="module")
def node() -> "Iterator[subprocess.Popen[str]]":
    command = [node_with_packages(), "test/compute.mjs"]
    with subprocess.Popen(command, cwd=FRONTEND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def walk(seed: int, count: int, volatility: float, decimals: int) -> Columns:
    """A random walk with stretches in which nothing trades, and a jump."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0, volatility, count) * (rng.random(count) > 0.15)
    moves[count // 3 : count // 3 + 40] = 0
    moves[count // 2] = 0.2
    close = np.round(60_000 * np.exp(np.cumsum(moves)), decimals)
    opened = np.concatenate([[60_000.0], close[:-1]])
    reach = np.abs(rng.normal(0, volatility, (2, count))) * (moves != 0)
    high = np.round(np.maximum(opened, close) * (1 + reach[0]), decimals)
    low = np.round(np.minimum(opened, close) * (1 - reach[1]), decimals)
    volume = np.round(rng.exponential(5, count) * (moves != 0), 5)
    time = np.arange(count) * 60 + 1_700_000_000
    return {"time": time, "open": opened, "high": high, "low": low, "close": close, "volume": volume}


def recorded_seconds(folder: Path) -> Columns:
    """One-second candles of recorded trades around a midnight in UTC."""
    files = [gzip.decompress((folder / name).read_bytes()) for name in ("frames_20240808.gz", "frames_20240809.gz")]
    lines = b"".join(files).splitlines()
    events = (json.loads(line.split(b" ", 1)[1])["data"] for line in lines if b"@trade" in line)
    trades = pd.DataFrame([(e["T"] // 1000, float(e["p"]), float(e["q"])) for e in events], columns=["time", "p", "q"])
    seconds = trades.groupby("time")
    candles = seconds["p"].agg(open="first", high="max", low="min", close="last").assign(volume=seconds["q"].sum())
    return {name: column.to_numpy() for name, column in candles.reset_index().items()}


@pytest.fixture(scope="module", params=["calm walk", "wild walk", *RECORDINGS])
def computed(request: pytest.FixtureRequest, node: "subprocess.Popen[str]") -> Computed:
    if not request.param.endswith("walk"):
        return Computed(recorded_seconds(request.getfixturevalue(f"{request.param}_recording")), node)
    wild = request.param == "wild walk"
    return Computed(walk(seed=7, count=3_000, volatility=0.02 if wild else 0.0004, decimals=8 if wild else 2), node)


def same(ours: Values, theirs: Values, *, scale: Any = None) -> None:
    """Equal to 1e-9 of the value (or of `scale`), and undefined at the same bars."""
    assert len(ours) == len(theirs)
    assert np.array_equal(np.isnan(ours), np.isnan(theirs)), "defined at other bars"
    assert not np.isnan(ours).all(), "nothing to compare"
    worst = np.nanmax(np.abs(ours - theirs) / np.maximum(np.abs(theirs) if scale is None else scale, 1e-300))
    assert worst <= PRECISION, f"differs by {worst} at bar {np.nanargmax(np.abs(ours - theirs))}"


@pytest.mark.parametrize("length", [1, 2, 20, 200])
def test_sma(computed: Computed, length: int) -> None:
    theirs = talib.SMA(computed.close, length) if length > 1 else computed.close
    same(computed(f"sma({length})")["average"], theirs)


@pytest.mark.parametrize("length", [2, 50, 200])
def test_ema(computed: Computed, length: int) -> None:
    same(computed(f"ema({length})")["average"], talib.EMA(computed.close, length))


@pytest.mark.parametrize("length", [2, 20, 200])
def test_wma(computed: Computed, length: int) -> None:
    same(computed(f"wma({length})")["average"], talib.WMA(computed.close, length))


@pytest.mark.parametrize(
    ("source", "price"),
    [("hl2", talib.MEDPRICE), ("hlc3", talib.TYPPRICE), ("ohlc4", talib.AVGPRICE)],
)
def test_sources(computed: Computed, source: str, price: Any) -> None:
    columns = {"hl2": "high low", "hlc3": "high low close", "ohlc4": "open high low close"}[source].split()
    theirs = talib.EMA(price(*(computed.bars[name] for name in columns)), 10)
    same(computed(f"ema(10,{source})")["average"], theirs)


@pytest.mark.parametrize(("length", "width"), [(20, 2.0), (5, 3.5), (200, 0.5)])
def test_bollinger(computed: Computed, length: int, width: float) -> None:
    upper, basis, lower = talib.BBANDS(computed.close, length, width, width)
    ours = computed(f"bb({length},{width})")
    same(ours["basis"], basis)
    same(ours["upper"], upper)
    same(ours["lower"], lower)


@pytest.mark.parametrize("length", [2, 14, 50])
def test_rsi(computed: Computed, length: int) -> None:
    """In a market that has not moved at all TA-Lib says 0 and TradingView 100: the one place where they differ."""
    ours = computed(f"rsi({length})")["rsi"]
    theirs = talib.RSI(computed.close, length)
    still = np.array([np.ptp(computed.close[: i + 1]) == 0 for i in range(len(theirs))])
    theirs[still & ~np.isnan(theirs)] = 100
    same(ours, theirs)


@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (5, 35, 5)])
def test_macd(computed: Computed, fast: int, slow: int, signal: int) -> None:
    """TradingView starts each average with its own first values; so it is composed of TA-Lib's averages."""
    ours = computed(f"macd({fast},{slow},{signal})")
    macd = talib.EMA(computed.close, fast) - talib.EMA(computed.close, slow)
    line = np.concatenate([np.full(slow - 1, np.nan), talib.EMA(macd[slow - 1 :], signal)])
    same(ours["macd"], macd, scale=computed.close)
    same(ours["signal"], line, scale=computed.close)
    same(ours["histogram"], macd - line, scale=computed.close)


def test_macd_is_talib_s_own_once_the_start_is_forgotten(computed: Computed) -> None:
    ours = computed("macd")
    settled = slice(400, None)
    for name, theirs in zip(["macd", "signal", "histogram"], talib.MACD(computed.close), strict=True):
        same(ours[name][settled], theirs[settled], scale=computed.close[settled])


@pytest.mark.parametrize("length", [1, 14, 50])
def test_atr(computed: Computed, length: int) -> None:
    """TradingView counts the first bar with high minus low; TA-Lib does so if the bar before closed within it."""
    before = {name: np.concatenate([computed.open[:1], computed.bars[name]]) for name in ("high", "low", "close")}
    theirs = talib.ATR(before["high"], before["low"], before["close"], length)[1:]
    same(computed(f"atr({length})")["atr"], theirs)


@pytest.mark.parametrize(("length", "smooth_k", "smooth_d"), [(14, 1, 3), (14, 3, 3), (5, 4, 2)])
def test_stochastic(computed: Computed, length: int, smooth_k: int, smooth_d: int) -> None:
    """Where nothing moved TA-Lib says 0 and TradingView has no value: those bars, and means over them, are left out."""
    ours = computed(f"stoch({length},{smooth_k},{smooth_d})")
    high, low, close = (computed.bars[name] for name in ("high", "low", "close"))
    k, d = talib.STOCH(high, low, close, length, smooth_k, 0, smooth_d, 0)
    still = talib.MAX(high, length) == talib.MIN(low, length)
    k_undefined = pd.Series(still).rolling(smooth_k, min_periods=1).max() == 1
    d_undefined = k_undefined.rolling(smooth_d, min_periods=1).max() == 1
    d[d_undefined] = np.nan
    k[k_undefined] = np.nan
    same(ours["d"], d, scale=100)
    # TA-Lib gives %K only from where there is a %D.
    first = length + smooth_k + smooth_d - 3
    same(ours["k"][first:], k[first:], scale=100)


def test_obv(computed: Computed) -> None:
    """TradingView starts at 0, TA-Lib at the first bar's volume."""
    volume = computed.volume.copy()
    volume[0] = 0
    same(computed("obv")["obv"], talib.OBV(computed.close, volume), scale=max(1.0, volume.sum()))


@pytest.mark.parametrize("length", [2, 20])
def test_volume_sma(computed: Computed, length: int) -> None:
    """To the scale of the volumes: TA-Lib's running sum does not quite return to zero where nothing trades."""
    theirs = talib.SMA(computed.volume, length)
    same(computed(f"volsma({length})")["average"], theirs, scale=computed.volume.max())


def test_vwap(computed: Computed) -> None:
    """Per UTC day by pandas, from the first day that is loaded from its start."""
    day = computed.time // DAY
    frame = pd.DataFrame({"day": day, "volume": computed.volume})
    frame["money"] = talib.TYPPRICE(computed.high, computed.low, computed.close) * computed.volume
    sums = frame.groupby("day")[["money", "volume"]].cumsum()
    theirs = (sums["money"] / sums["volume"]).to_numpy(copy=True)
    if computed.time[0] % DAY:
        theirs[day == day[0]] = np.nan
    same(computed("vwap")["vwap"], theirs)


@pytest.mark.parametrize("length", [1, 20, 55])
def test_donchian(computed: Computed, length: int) -> None:
    ours = computed(f"donchian({length})")
    upper = talib.MAX(computed.high, length) if length > 1 else computed.high
    lower = talib.MIN(computed.low, length) if length > 1 else computed.low
    same(ours["upper"], upper)
    same(ours["lower"], lower)
    same(ours["basis"], (upper + lower) / 2)


@pytest.mark.parametrize(("length", "factor", "ranges"), [(20, 2.0, 10), (50, 1.5, 14)])
def test_keltner(computed: Computed, length: int, factor: float, ranges: int) -> None:
    """TA-Lib has no Keltner channels, so they are composed of its averages; the first bar counts as in `test_atr`."""
    ours = computed(f"keltner({length},{factor},{ranges})")
    before = {name: np.concatenate([computed.open[:1], computed.bars[name]]) for name in ("high", "low", "close")}
    reach = factor * talib.ATR(before["high"], before["low"], before["close"], ranges)[1:]
    basis = talib.EMA(computed.close, length)
    same(ours["basis"], basis)
    same(ours["upper"], basis + reach)
    same(ours["lower"], basis - reach)


@pytest.mark.parametrize(("conversion", "base", "span", "shift"), [(9, 26, 52, 26), (5, 13, 40, 1)])
def test_ichimoku(computed: Computed, conversion: int, base: int, span: int, shift: int) -> None:
    ours = computed(f"ichimoku({conversion},{base},{span},{shift})")
    middles = {length: talib.MIDPRICE(computed.high, computed.low, length) for length in (conversion, base, span)}
    same(ours["conversion"], middles[conversion])
    same(ours["base"], middles[base])
    moved = shift - 1
    forward = np.full(moved, np.nan)
    leads = {"leadA": (middles[conversion] + middles[base]) / 2, "leadB": middles[span]}
    for name, lead in leads.items():
        same(ours[name], np.concatenate([forward, lead[: len(lead) - moved]]))
    same(ours["lagging"], np.concatenate([computed.close[moved:], forward]))


@pytest.mark.parametrize("length", [5, 8])
def test_adx_is_talib_s_once_the_start_is_forgotten(computed: Computed, length: int) -> None:
    """TA-Lib begins its averages with a sum of one value less. Where nothing moved yet, neither has a direction."""
    ours = computed(f"adx({length},{length})")
    prices = computed.high, computed.low, computed.close
    theirs = {
        "plus": talib.PLUS_DI(*prices, length),
        "minus": talib.MINUS_DI(*prices, length),
        "adx": talib.ADX(*prices, length),
    }
    settled = slice(40 * length, None)
    for name, values in theirs.items():
        same(ours[name][settled], values[settled], scale=100)


@pytest.mark.parametrize(("length", "factor"), [(10, 3), (7, 1)])
def test_supertrend(computed: Computed, length: int, factor: int) -> None:
    """Beside talipp, which begins with bands of zero: from where both have changed sides the same way, to the end."""
    columns = (computed.bars[name].tolist() for name in ("open", "high", "low", "close"))
    candles = [OHLCV(*prices) for prices in zip(*columns, strict=True)]
    made = SuperTrend(length, factor, candles).output_values
    theirs = np.array([math.nan if each is None else each.value for each in made])
    ours = computed(f"supertrend({length},{factor})")
    stop, direction = ours["supertrend"], ours["direction"]
    turns = np.flatnonzero(np.abs(np.diff(direction)) == 2)
    assert len(turns) > 3, "the trend never changed"
    settled = slice(turns[2] + 1, None)
    same(stop[settled], theirs[settled])
    assert np.array_equal(direction[settled] > 0, computed.close[settled] > theirs[settled])


@pytest.mark.parametrize(("kind", "shares"), [("traditional", None), ("Fibonacci", {"1": 0.382, "2": 0.618, "3": 1.0})])
def test_pivots(computed: Computed, kind: str, shares: dict[str, float] | None) -> None:
    """Per UTC day by pandas, where the day before is there from its start."""
    day = computed.time // DAY
    frame = pd.DataFrame({name: computed.bars[name] for name in ("high", "low", "close")} | {"day": day})
    days = frame.groupby("day").agg(high=("high", "max"), low=("low", "min"), close=("close", "last"))
    if computed.time[0] % DAY:
        days.loc[day[0]] = np.nan
    before = days.shift(1).reindex(day).reset_index(drop=True)
    pivot = (before.high + before.low + before.close) / 3
    reach = before.high - before.low
    expected = {"pivot": pivot}
    if shares:
        expected |= {f"r{n}": pivot + share * reach for n, share in shares.items()}
        expected |= {f"s{n}": pivot - share * reach for n, share in shares.items()}
    else:
        expected |= {"r1": 2 * pivot - before.low, "s1": 2 * pivot - before.high}
        expected |= {"r2": pivot + reach, "s2": pivot - reach}
        expected |= {"r3": before.high + 2 * (pivot - before.low), "s3": before.low - 2 * (before.high - pivot)}
    if expected["pivot"].isna().all():
        pytest.skip("these bars have no whole day before another")
    ours = computed(f"pivots({kind})")
    for name, values in expected.items():
        same(ours[name], values.to_numpy(), scale=computed.close)


@pytest.mark.parametrize("name", ["sma(20)", "sma(1)", "ema(50)", "rsi(14)", "rsi(2)"])
def test_alerts_judge_what_the_chart_draws(computed: Computed, name: str) -> None:
    indicator = Indicator.named(name)
    assert indicator
    [ours] = computed(name).values()
    same(ours, np.array(indicator.values(computed.close.tolist())))
    settled = indicator.history  # so many candles before one are enough for its value
    cut = np.array(indicator.values(computed.close[-settled - 1 :].tolist()))
    assert cut[-1] == pytest.approx(ours[-1], rel=1e-4)
