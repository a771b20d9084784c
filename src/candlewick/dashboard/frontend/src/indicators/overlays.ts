// Indicators over the candles: moving averages and Bollinger bands.

import { deviation, ema, sma, wma } from "./averages";
import { define, memory } from "./definition";
import { length, price, sourceOf } from "./parameters";
import { AMBER, BLUE, line, VIOLET } from "./style";

/** Mean of the last `length` prices (`ta.sma`). */
export const SMA = define({
  id: "sma",
  title: "Simple Moving Average",
  short: "SMA",
  pane: "main",
  unit: "price",
  parameters: { length: length("Length", 20), source: price("close") },
  outputs: { average: line("SMA", BLUE) },
  guides: [],
  history: ({ length }) => length - 1,
  build: (program, bars, { length, source }) => ({
    average: sma(program, sourceOf(program, bars, source), length),
  }),
});

/** Exponential average of weight 2 / (length + 1), starting with the mean of the first `length` prices (`ta.ema`). */
export const EMA = define({
  id: "ema",
  title: "Exponential Moving Average",
  short: "EMA",
  pane: "main",
  unit: "price",
  parameters: { length: length("Length", 50), source: price("close") },
  outputs: { average: line("EMA", AMBER) },
  guides: [],
  history: ({ length }) => length - 1 + memory(2 / (length + 1)),
  build: (program, bars, { length, source }) => ({
    average: ema(program, sourceOf(program, bars, source), length),
  }),
});

/** Mean of the last `length` prices with linear weights, the newest heaviest (`ta.wma`). */
export const WMA = define({
  id: "wma",
  title: "Weighted Moving Average",
  short: "WMA",
  pane: "main",
  unit: "price",
  parameters: { length: length("Length", 20), source: price("close") },
  outputs: { average: line("WMA", VIOLET) },
  guides: [],
  history: ({ length }) => length - 1,
  build: (program, bars, { length, source }) => ({
    average: wma(program, sourceOf(program, bars, source), length),
  }),
});

/** Mean of the last `length` prices, and `width` population standard deviations above and below it (`ta.bb`). */
export const BOLLINGER = define({
  id: "bb",
  title: "Bollinger Bands",
  short: "BB",
  pane: "main",
  unit: "price",
  parameters: {
    length: length("Length", 20),
    width: { kind: "number", title: "Deviations", fallback: 2, min: 0.1, max: 10, step: 0.1 },
    source: price("close"),
  },
  outputs: { upper: line("Upper", BLUE), lower: line("Lower", BLUE), basis: line("Basis", VIOLET) },
  guides: [],
  band: ["upper", "lower"],
  history: ({ length }) => length - 1,
  build: (program, bars, { length, width, source }) => {
    const prices = sourceOf(program, bars, source);
    const basis = sma(program, prices, length);
    const spread = deviation(program, prices, basis, length);
    return {
      upper: program.series((i) => basis[i]! + width * spread[i]!),
      lower: program.series((i) => basis[i]! - width * spread[i]!),
      basis,
    };
  },
});
