// What the server tells the chart when it is put on the page.

export interface Config {
  symbols: string[];
  timeframes: string[];
  /** The zone whose midnight starts a daily bar. */
  dayZone: string;
  /** Whether the trades are made up. */
  demo: boolean;
  version: string;
  /** The server's path prefix, without a slash at its end. */
  base: string;
}

/** A symbol and a timeframe: what a chart shows. */
export interface Series {
  symbol: string;
  timeframe: string;
}

/** The series that the address names, where it names ones that exist. */
export function seriesFromAddress(config: Config, search: string): Partial<Series> {
  const query = new URLSearchParams(search);
  const [symbol, timeframe] = [query.get("symbol")?.toUpperCase(), query.get("tf")];
  return {
    ...(symbol && config.symbols.includes(symbol) && { symbol }),
    ...(timeframe && config.timeframes.includes(timeframe) && { timeframe }),
  };
}

/** Name the series in the address, so that a link shows the same chart. */
export function seriesToAddress({ symbol, timeframe }: Series): void {
  const address = new URL(window.location.href);
  address.searchParams.set("symbol", symbol);
  address.searchParams.set("tf", timeframe);
  window.history.replaceState(window.history.state, "", address);
}
