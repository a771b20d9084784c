// The configuration that the server puts on the page.

export interface Config {
  symbols: string[];
  /** Those with candles of their own, ascending. */
  timeframes: string[];
  /** The zone whose midnight starts a daily bar. */
  dayZone: string;
  /** Whether the trades are the local exchange's invention. */
  demo: boolean;
  version: string;
  /** The server's path prefix, without a slash at its end. */
  base: string;
  /** Whether there were candles to ask for when the page was made. */
  ready: boolean;
  /** The pages beside the chart, by path and title. */
  pages?: [path: string, title: string][];
}

/** A symbol and a timeframe: what a chart shows. */
export interface SeriesKey {
  symbol: string;
  timeframe: string;
}
