// Average true range.

import { rma } from "./averages";
import { define, memory } from "./definition";
import { length } from "./parameters";
import { CRIMSON, line } from "./style";

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
  build: (program, { high, low, close }, { length }) => {
    const range = program.series((i) => {
      const before = i > 0 ? close[i - 1]! : low[i]!;
      return Math.max(high[i]!, before) - Math.min(low[i]!, before);
    });
    return { atr: rma(program, range, length) };
  },
});
