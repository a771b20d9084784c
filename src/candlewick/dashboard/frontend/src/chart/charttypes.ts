// Chart types and scales. A type gives each bar its shape; like indicators it is pure and incremental. `looks.ts` has
// the colours.

import type { Columns } from "./columns";
import { Program, type Values } from "./program";

export type ChartType = "candles" | "hollow" | "heikin-ashi" | "bars" | "line" | "area";

/** The chart library's series for a type. */
export type SeriesKind = "Candlestick" | "Bar" | "Line" | "Area";

export const CHART_TYPES: readonly { type: ChartType; title: string; series: SeriesKind }[] = [
  { type: "candles", title: "Candles", series: "Candlestick" },
  { type: "hollow", title: "Hollow candles", series: "Candlestick" },
  { type: "heikin-ashi", title: "Heikin-Ashi", series: "Candlestick" },
  { type: "bars", title: "Bars", series: "Bar" },
  { type: "line", title: "Line", series: "Line" },
  { type: "area", title: "Area", series: "Area" },
];

/** What the price axis counts in. */
export type Scale = "auto" | "log" | "percent" | "indexed";

export const SCALES: readonly Scale[] = ["auto", "log", "percent", "indexed"];

/** A bar as drawn; a line and an area take `close`. */
export interface Shape {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Whether it has the colours of a rising bar. */
  readonly rises: boolean;
  /** Whether its body is an outline only. */
  readonly hollow: boolean;
}

type Candles = Readonly<Record<"open" | "high" | "low" | "close", Values>>;

/** The shapes of a chart's bars. */
export class Shapes {
  readonly type: ChartType;
  private readonly bars: Columns;
  private readonly program = new Program();
  private readonly candles: Candles;

  /** The bars are read in place; call `update` when they have changed. */
  constructor(type: ChartType, bars: Columns) {
    this.type = type;
    this.bars = bars;
    this.candles = type === "heikin-ashi" ? heikinAshi(this.program, bars) : bars;
    this.update();
  }

  /** Compute again from the first bar that changed: the last one after a tick, 0 after older history. */
  update(from = 0): void {
    this.program.run(from, this.bars.time.length);
  }

  at(index: number): Shape {
    const [open, close] = [this.candles.open[index]!, this.candles.close[index]!];
    const [high, low] = [this.candles.high[index]!, this.candles.low[index]!];
    if (this.type !== "hollow") return { open, high, low, close, rises: close >= open, hollow: false };
    // The colour tells the move since the last close, the body the move within the bar.
    const before = index > 0 ? this.candles.close[index - 1]! : open;
    return { open, high, low, close, rises: close >= before, hollow: close >= open };
  }
}

/**
 * Heikin-Ashi candles: the close is the bar's mean price, the open the middle of the candle before.
 *
 * The first candle opens in the middle of its bar's open and close; 20 candles later that choice no longer shows.
 */
export function heikinAshi(program: Program, bars: Columns): Candles {
  const close = program.series((i) => (bars.open[i]! + bars.high[i]! + bars.low[i]! + bars.close[i]!) / 4);
  const open = program.series((i, own) =>
    i > 0 ? (own[i - 1]! + close[i - 1]!) / 2 : (bars.open[i]! + bars.close[i]!) / 2,
  );
  const high = program.series((i) => Math.max(bars.high[i]!, open[i]!, close[i]!));
  const low = program.series((i) => Math.min(bars.low[i]!, open[i]!, close[i]!));
  return { open, high, low, close };
}
