// The configuration that the server puts on the page.

export interface Config {
  symbols: string[];
  timeframes: string[];
  /** The zone whose midnight starts a daily bar. */
  dayZone: string;
  /** Whether the trades are the local exchange's invention. */
  demo: boolean;
  version: string;
  /** The server's path prefix, without a slash at its end. */
  base: string;
}

/** A symbol and a timeframe: what a chart shows. */
export interface SeriesKey {
  symbol: string;
  timeframe: string;
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds from one bar to the next: 900 for `15m`. With summer time, a day may be an hour longer or shorter. */
export function secondsOf(timeframe: string): number {
  return Number.parseInt(timeframe, 10) * UNITS[timeframe.at(-1)!]!;
}
