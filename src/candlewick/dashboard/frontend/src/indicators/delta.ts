// What takers bought less what they sold, made of trades with a known aggressor: not an estimate.

import { define } from "./definition";
import { BLUE, histogram, line, type Themed } from "./style";

const MORE_BOUGHT: Themed = { dark: "#26a69a", light: "#00796b" };
const MORE_SOLD: Themed = { dark: "#ef5350", light: "#c62828" };
const DAY = 86_400;

/** Of each bar: twice what takers bought, less its volume. The audit compares both with the exchange's own candle. */
export const DELTA = define({
  id: "delta",
  title: "Volume Delta",
  short: "Delta",
  pane: "own",
  unit: "amount",
  parameters: {},
  outputs: { delta: histogram("Delta", MORE_BOUGHT, (i, { delta }) => (delta![i]! < 0 ? MORE_SOLD : MORE_BOUGHT)) },
  guides: [0],
  history: () => 0,
  build: (program, { bought, volume }) => ({ delta: program.series((i) => 2 * bought[i]! - volume[i]!) }),
});

/**
 * Cumulative volume delta: the sum of deltas since midnight UTC, since the first bar loaded, or since any bar.
 *
 * A day whose start is not loaded begins with the first bar that is. Since a bar that is not loaded there is no sum.
 */
export const CVD = define({
  id: "cvd",
  title: "Cumulative Volume Delta",
  short: "CVD",
  pane: "own",
  unit: "amount",
  parameters: {
    anchor: { kind: "choice", title: "Since", fallback: "UTC day", choices: ["UTC day", "first bar", "a bar"] as const },
    // The open time of that bar, in seconds: set where the bar is, by the chart's menu.
    since: { kind: "number", title: "Bar", fallback: 0, min: 0, max: 4_000_000_000, step: 1, isSetOnChart: true },
  },
  outputs: { cvd: line("CVD", BLUE, 2) },
  guides: [0],
  history: ({ anchor }) => (anchor === "UTC day" ? "session" : "all"),
  build: (program, { bought, time, volume }, { anchor, since }) => ({
    cvd: program.series((i, own) => {
      const delta = 2 * bought[i]! - volume[i]!;
      if (anchor === "a bar") {
        if (time[i]! < since || (i === 0 && time[0]! > since)) return NaN;
        return delta + (i > 0 && time[i - 1]! >= since ? own[i - 1]! : 0);
      }
      const goes = i > 0 && (anchor !== "UTC day" || Math.floor(time[i - 1]! / DAY) === Math.floor(time[i]! / DAY));
      return (goes ? own[i - 1]! : 0) + delta;
    }),
  }),
});
