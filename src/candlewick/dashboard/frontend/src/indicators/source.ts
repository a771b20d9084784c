// Which price of a bar an indicator reads.

import type { Columns } from "../chart/columns";
import type { Program, Series } from "../chart/program";

export const SOURCES = ["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"] as const;

export type Source = (typeof SOURCES)[number];

/** The chosen price of each bar. */
export function sourceOf(program: Program, bars: Columns, source: Source): Series {
  const { open, high, low, close } = bars;
  switch (source) {
    case "hl2":
      return program.series((i) => (high[i]! + low[i]!) / 2);
    case "hlc3":
      return program.series((i) => (high[i]! + low[i]! + close[i]!) / 3);
    case "ohlc4":
      return program.series((i) => (open[i]! + high[i]! + low[i]! + close[i]!) / 4);
    default:
      return bars[source];
  }
}
