// Moving average convergence divergence.

import type { Series } from "../chart/program";
import { ema } from "./averages";
import { define, memory } from "./definition";
import { length, price } from "./parameters";
import { sourceOf } from "./source";
import { BLUE, histogram, line, ORANGE, type Themed } from "./style";

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
    histogram: histogram("Histogram", RISING_ABOVE, shade),
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
function shade(values: Series, index: number): Themed {
  const rises = index > 0 && values[index]! > values[index - 1]!;
  if (values[index]! >= 0) return rises ? RISING_ABOVE : FALLING_ABOVE;
  return rises ? RISING_BELOW : FALLING_BELOW;
}
