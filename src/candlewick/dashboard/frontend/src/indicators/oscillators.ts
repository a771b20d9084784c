// Indicators in a pane of their own: relative strength, true range, MACD and the stochastic oscillator.

import type { Values } from "../chart/program";
import { ema, rma, sma } from "./averages";
import { define, memory } from "./definition";
import { length, price, sourceOf } from "./parameters";
import { atr, greatest, least } from "./ranges";
import { BLUE, CRIMSON, histogram, line, ORANGE, type Themed, VIOLET } from "./style";

/**
 * Share of rises in the moves of the last bars, 0..100, by Wilder's averages (`ta.rsi`).
 *
 * Without a fall it is 100, also where nothing moved at all (TradingView; TA-Lib says 0 for a flat market).
 */
export const RSI = define({
  id: "rsi",
  title: "Relative Strength Index",
  short: "RSI",
  pane: "own",
  unit: "percent",
  parameters: { length: length("Length", 14), source: price("close") },
  outputs: { rsi: line("RSI", VIOLET) },
  guides: [30, 50, 70],
  history: ({ length }) => length + memory(1 / length),
  build: (program, bars, { length, source }) => {
    const prices = sourceOf(program, bars, source);
    const change = program.series((i) => (i > 0 ? prices[i]! - prices[i - 1]! : NaN));
    const up = rma(program, program.series((i) => Math.max(change[i]!, 0)), length);
    const down = rma(program, program.series((i) => Math.max(-change[i]!, 0)), length);
    return { rsi: program.series((i) => strength(up[i]!, down[i]!)) };
  },
});

function strength(up: number, down: number): number {
  return down === 0 ? 100 : 100 - 100 / (1 + up / down);
}

/**
 * Wilder's average of the true range: how far a bar reaches, the previous close included (`ta.atr`).
 *
 * The first bar has no previous close and counts with its high minus low, as TradingView's; TA-Lib leaves it out.
 */
export const ATR = define({
  id: "atr",
  title: "Average True Range",
  short: "ATR",
  pane: "own",
  unit: "price",
  parameters: { length: length("Length", 14) },
  outputs: { atr: line("ATR", CRIMSON) },
  guides: [],
  history: ({ length }) => length + memory(1 / length),
  build: (program, bars, { length }) => ({ atr: atr(program, bars, length) }),
});

const RISING_ABOVE: Themed = { dark: "#26a69a", light: "#26a69a" };
const FALLING_ABOVE: Themed = { dark: "#1b5e57", light: "#b2dfdb" };
const RISING_BELOW: Themed = { dark: "#7f2a2e", light: "#ffcdd2" };
const FALLING_BELOW: Themed = { dark: "#f23645", light: "#f23645" };

/**
 * Fast minus slow exponential average, its own average as signal, and their difference (`ta.macd`).
 *
 * Each average starts with the mean of its own first values, as TradingView's. TA-Lib's MACD starts the fast one later,
 * with the slow one; the two agree once the start is forgotten.
 */
export const MACD = define({
  id: "macd",
  title: "Moving Average Convergence Divergence",
  short: "MACD",
  pane: "own",
  unit: "price",
  parameters: {
    fast: length("Fast", 12),
    slow: length("Slow", 26),
    signal: length("Signal", 9),
    source: price("close"),
  },
  outputs: {
    histogram: histogram("Histogram", RISING_ABOVE, (index, { histogram }) => shade(histogram!, index)),
    macd: line("MACD", BLUE),
    signal: line("Signal", ORANGE),
  },
  guides: [0],
  history: ({ fast, slow, signal }) =>
    Math.max(fast, slow) + signal + memory(2 / (Math.max(fast, slow) + 1)) + memory(2 / (signal + 1)),
  build: (program, bars, values) => {
    const prices = sourceOf(program, bars, values.source);
    const fast = ema(program, prices, values.fast);
    const slow = ema(program, prices, values.slow);
    const macd = program.series((i) => fast[i]! - slow[i]!);
    const signal = ema(program, macd, values.signal);
    return { histogram: program.series((i) => macd[i]! - signal[i]!), macd, signal };
  },
});

/** Above or below zero, growing or shrinking: TradingView's four colours. */
function shade(values: Values, index: number): Themed {
  const rises = index > 0 && values[index]! > values[index - 1]!;
  if (values[index]! >= 0) return rises ? RISING_ABOVE : FALLING_ABOVE;
  return rises ? RISING_BELOW : FALLING_BELOW;
}

/**
 * Where the close lies between the lowest low and the highest high of the last `length` bars, 0..100 (`ta.stoch`).
 *
 * %K is its mean over `smoothK` bars, %D the mean of %K over `smoothD`. Where the market did not move there is no such
 * place, and so no value (TradingView; TA-Lib says 0).
 */
export const STOCHASTIC = define({
  id: "stoch",
  title: "Stochastic",
  short: "Stoch",
  pane: "own",
  unit: "percent",
  parameters: {
    length: length("%K length", 14),
    smoothK: length("%K smoothing", 1),
    smoothD: length("%D smoothing", 3),
  },
  outputs: { k: line("%K", BLUE), d: line("%D", ORANGE) },
  guides: [20, 50, 80],
  history: ({ length, smoothK, smoothD }) => length + smoothK + smoothD - 3,
  build: (program, { high, low, close }, { length, smoothK, smoothD }) => {
    const raw = program.series((i) => {
      if (i + 1 < length) return NaN;
      const [lowest, highest] = [least(low, i, length), greatest(high, i, length)];
      return (100 * (close[i]! - lowest)) / (highest - lowest);
    });
    const k = sma(program, raw, smoothK);
    return { k, d: sma(program, k, smoothD) };
  },
});
