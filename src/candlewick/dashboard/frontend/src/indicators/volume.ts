// Indicators of volume, in units of the base asset.

import { sma } from "./averages";
import { define } from "./definition";
import { length } from "./parameters";
import { AMBER, BLUE, line } from "./style";

/**
 * On-balance volume: the sum of volumes, each with the sign of its bar's change in close (`ta.obv`).
 *
 * It starts at 0 with the first bar loaded, so older history lifts or lowers the whole line; its shape stays. TA-Lib
 * starts at the first bar's volume.
 */
export const OBV = define({
  id: "obv",
  title: "On Balance Volume",
  short: "OBV",
  pane: "own",
  unit: "amount",
  parameters: {},
  outputs: { obv: line("OBV", BLUE) },
  guides: [],
  history: () => "all",
  build: (program, { close, volume }) => ({
    obv: program.series((i, own) =>
      i > 0 ? own[i - 1]! + Math.sign(close[i]! - close[i - 1]!) * volume[i]! : 0,
    ),
  }),
});

/** Mean volume of the last `length` bars. */
export const VOLUME_SMA = define({
  id: "volsma",
  title: "Volume SMA",
  short: "Vol SMA",
  pane: "volume",
  unit: "amount",
  parameters: { length: length("Length", 20) },
  outputs: { average: line("Vol SMA", AMBER) },
  guides: [],
  history: ({ length }) => length - 1,
  build: (program, { volume }, { length }) => ({ average: sma(program, volume, length) }),
});
