// The lineage of one bar, as the server tells it. Times in µs since the epoch, amounts and ids as exact text.

import type { SeriesKey } from "../data/config";
import type { Standing } from "../holes/proof";

export interface Compared {
  readonly name: string;
  readonly ours: string | null;
  readonly exchange: string | null;
  readonly equal: boolean | null;
}

export interface End {
  readonly trade_id: string;
  readonly source: string;
  readonly price: string;
  readonly quantity: string;
  readonly traded_at: number;
  readonly received_at: number;
  /** Of what is read from a sealed file nobody knows it. */
  readonly loaded_at?: number;
}

export interface LakeObject {
  readonly name: string;
  readonly recorder: string;
  readonly first_trade_id: string;
  readonly last_trade_id: string;
  readonly created_at: number;
  /** It is a sealed file, in the place of objects that went when it was whole. */
  readonly is_seal: boolean;
}

/** A day (UTC) that the bar lies in and that is over. `verified`: its file is what its certificate says. */
export interface SealedDay {
  readonly day: string;
  readonly state: string;
  readonly why: string | null;
  readonly digest: string | null;
  readonly sealed_file: string | null;
  readonly trade_count: number;
  readonly declared_count: number;
  readonly verified: boolean;
  readonly problem: string | null;
}

export interface Lineage {
  readonly symbol: string;
  readonly timeframe: string;
  readonly opened: number;
  readonly closed: number;
  readonly first_trade_id: string | null;
  readonly last_trade_id: string | null;
  readonly trade_count: number;
  /** The number of ids from the first to the last. */
  readonly spanned: number;
  /** What it is made of: recorded trades, or only the exchange's own candle. */
  readonly origin: "trades" | "exchange";
  readonly is_closed: boolean;
  readonly is_complete: boolean;
  readonly audit: {
    readonly verdict: Exclude<Standing, "incomplete">;
    readonly scope: "minute" | "candle";
    readonly minutes: Readonly<Record<string, number>>;
    readonly expected: number;
    readonly fields: readonly Compared[];
  };
  readonly trades: { readonly sources: Readonly<Record<string, number>>; readonly ends: readonly End[] };
  readonly days: readonly SealedDay[];
  readonly lake: string;
  readonly objects: readonly LakeObject[];
  readonly object_count: number;
  readonly loaded_at: number;
}

/** Fetch the lineage of the bar that holds an instant (seconds); null where the warehouse has none yet. */
export async function fetchLineage(base: string, { symbol, timeframe }: SeriesKey, time: number, signal: AbortSignal): Promise<Lineage | null> {
  const query = new URLSearchParams({ symbol, timeframe, t: String(time) });
  const answer = await fetch(`${base}/api/lineage?${query}`, { signal });
  if (answer.status === 503) return null;
  if (!answer.ok) throw new Error(`/api/lineage: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Lineage | null;
}
