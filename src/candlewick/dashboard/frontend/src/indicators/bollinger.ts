// Bollinger bands.

import { deviation, sma } from "./averages";
import { define } from "./definition";
import { length, price } from "./parameters";
import { sourceOf } from "./source";
import { BLUE, line, VIOLET } from "./style";

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
