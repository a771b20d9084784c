// Wilder's relative strength index.

import { rma } from "./averages";
import { define, memory } from "./definition";
import { length, price } from "./parameters";
import { sourceOf } from "./source";
import { line, VIOLET } from "./style";

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
