// What a watchlist shows of each symbol: the newest 24 hours, fetched now and then.

export interface Watched {
  readonly last: number;
  readonly open: number;
  readonly volume: number;
  /** A close every half hour, the newest price at the end. */
  readonly spark: readonly number[];
}

type Told = Record<string, { last: string; open: string; volume: string; spark: string[] } | null>;

/** By symbol; null where the server does not answer. A symbol without candles is left out. */
export async function fetchWatched(base: string, symbols: readonly string[], signal: AbortSignal): Promise<Map<string, Watched> | null> {
  const query = new URLSearchParams(symbols.map((symbol) => ["symbol", symbol]));
  // Aborted, too, it may be at any step of an answer.
  const answer = fetch(`${base}/api/watchlist?${query}`, { signal }).then((answer) => (answer.ok ? answer.json() : null));
  const told = (await answer.catch(() => null)) as Told | null;
  if (!told) return null;
  return new Map(
    Object.entries(told).flatMap(([symbol, watched]) => {
      if (!watched) return [];
      const { last, open, volume, spark } = watched;
      return [[symbol, { last: Number(last), open: Number(open), volume: Number(volume), spark: spark.map(Number) }] as const];
    }),
  );
}
