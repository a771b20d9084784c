// The stochastic oscillator.

import type { Series } from "../chart/program";
import { sma } from "./averages";
import { define } from "./definition";
import { length } from "./parameters";
import { BLUE, line, ORANGE } from "./style";

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

function least(values: Series, index: number, length: number): number {
  let found = Infinity;
  for (let at = index - length + 1; at <= index; at++) found = Math.min(found, values[at]!);
  return found;
}

function greatest(values: Series, index: number, length: number): number {
  let found = -Infinity;
  for (let at = index - length + 1; at <= index; at++) found = Math.max(found, values[at]!);
  return found;
}
