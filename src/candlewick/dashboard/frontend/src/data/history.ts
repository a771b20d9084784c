// History over HTTP.

import { type Bar, type BarColumns, barsOf } from "./bar";
import type { SeriesKey } from "./config";

export interface Page {
  bars: Bar[];
  /** Whether older bars exist. */
  more: boolean;
}

/** A page: the newest `limit` bars with since <= open time < before, in seconds. */
export interface Range {
  limit: number;
  since?: number;
  before?: number;
}

/** The newest 24 hours, or as much of them as is recorded: since when, and their prices and volume. */
export interface Day {
  since: number;
  open: number;
  high: number;
  low: number;
  volume: number;
}

/** The largest page the server allows: as days, thirteen years. */
const MOST_DAYS = 5_000;
/** The minutes of the longest day, on which summer time ends. */
const MINUTES = 1_500;

export class NotReadyError extends Error {}

export class History {
  constructor(private readonly base: string) {}

  /** One page of bars. Raises NotReadyError before there are any. */
  async page({ symbol, timeframe }: SeriesKey, range: Range, signal: AbortSignal): Promise<Page> {
    const query = new URLSearchParams({ symbol, timeframe });
    for (const [name, value] of Object.entries(range)) query.set(name, String(value));
    const columns = (await this.get(`/api/candles?${query}`, signal)) as BarColumns;
    return { bars: barsOf(columns), more: columns.more };
  }

  /** The first minute of the tape. The days, of which there are few, tell where to look for it. */
  async first(symbol: string, signal: AbortSignal): Promise<Bar | undefined> {
    const days = await this.page({ symbol, timeframe: "1d" }, { limit: MOST_DAYS }, signal);
    const since = days.bars[0]?.time;
    if (since === undefined) return undefined;
    const range = { limit: MINUTES, since, before: since + 60 * MINUTES };
    return (await this.page({ symbol, timeframe: "1m" }, range, signal)).bars[0];
  }

  async day(symbol: string, signal: AbortSignal): Promise<Day | null> {
    const columns = (await this.get(`/api/day?${new URLSearchParams({ symbol })}`, signal)) as BarColumns | { t: null };
    if (columns.t === null) return null;
    const { t, o, h, l, v } = columns;
    return { since: t[0]!, open: o[0]!, high: h[0]!, low: l[0]!, volume: v[0]! };
  }

  private async get(path: string, signal: AbortSignal): Promise<unknown> {
    const answer = await fetch(this.base + path, { signal });
    if (answer.status === 503) throw new NotReadyError(await answer.text());
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
