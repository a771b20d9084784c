// What the server says of order flow, over HTTP.

import { scaled } from "../data/amount";
import type { SeriesKey } from "../data/config";
import { type Trade, type TradeColumns, tradesOf } from "../data/trade";
import type { FlowBar, Standing } from "./book";
import { Cells, type Level } from "./cells";

interface LevelColumns {
  p: string[];
  bv: string[];
  sv: string[];
  bq: string[];
  sq: string[];
  bn: number[];
  sn: number[];
}

interface Footprints {
  bars: { t: number[]; s: string[]; d: string[]; lo: string[]; hi: string[]; f: string[]; l: string[]; x: Standing[] };
  levels: LevelColumns & { b: number[] };
  why: string[];
}

export interface Profile {
  readonly step: bigint;
  readonly levels: readonly Level[];
  readonly standing: Standing;
  readonly why: readonly string[];
}

/** Trades, the newest first, and the ids that lack among them. */
export interface TapePage {
  readonly trades: readonly Trade[];
  /** The page below begins under this id; null where there is none. */
  readonly next: bigint | null;
  readonly missing: readonly { first: string; last: string; state: string }[];
}

/** A time, in seconds. */
export interface Span {
  readonly since: number;
  readonly before: number;
}

/** The footprints of the bars of a time, and why they are not all proved; null while the warehouse has none. */
export async function fetchFootprints(
  base: string,
  series: SeriesKey,
  span: Span,
  step: string,
  signal: AbortSignal,
): Promise<{ bars: FlowBar[]; why: readonly string[] } | null> {
  const told = await get<Footprints>(base, "footprint", { ...series, ...span, step }, signal);
  return told && { bars: barsOf(told), why: told.why };
}

export async function fetchProfile(base: string, symbol: string, span: Span, step: string, signal: AbortSignal): Promise<Profile | null> {
  const told = await get<{ step: string; levels: LevelColumns; x: Standing; why: string[] }>(
    base, "profile", { symbol, ...span, step }, signal,
  );
  if (!told) return null;
  return { step: scaled(told.step), levels: told.levels.p.map((_, at) => level(told.levels, at)), standing: told.x, why: told.why };
}

/** Trades with ids below `before`, of at least `least` of the base asset. */
export async function fetchTape(
  base: string,
  symbol: string,
  asked: { before?: bigint; limit: number; least: number },
  signal: AbortSignal,
): Promise<TapePage | null> {
  const { before, limit, least } = asked;
  const query = { symbol, limit, least: least.toFixed(8), ...(before !== undefined && { before: String(before) }) };
  const told = await get<TradeColumns & { next: string | null; missing: TapePage["missing"] }>(base, "tape", query, signal);
  return told && { trades: tradesOf(told), next: told.next === null ? null : BigInt(told.next), missing: told.missing };
}

async function get<Told>(base: string, name: string, query: Record<string, string | number>, signal: AbortSignal): Promise<Told | null> {
  const text = new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]));
  const answer = await fetch(`${base}/api/${name}?${text}`, { signal });
  if (answer.status === 503) return null;
  if (!answer.ok) throw new Error(`/api/${name}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Told;
}

export function barsOf({ bars, levels }: Footprints): FlowBar[] {
  const made = bars.t.map((time, at): FlowBar => {
    const cells = new Cells(scaled(bars.s[at]!));
    const [delta, minDelta, maxDelta] = [amount(bars.d[at]!), amount(bars.lo[at]!), amount(bars.hi[at]!)];
    Object.assign(cells, { delta, minDelta, maxDelta, firstId: BigInt(bars.f[at]!), lastId: BigInt(bars.l[at]!) });
    return { time, cells, standing: bars.x[at]! };
  });
  levels.b.forEach((bar, at) => made[bar]!.cells.addLevel(level(levels, at)));
  return made;
}

function level({ p, bv, sv, bq, sq, bn, sn }: LevelColumns, at: number): Level {
  return {
    price: scaled(p[at]!),
    bought: scaled(bv[at]!),
    sold: scaled(sv[at]!),
    boughtQuote: scaled(bq[at]!),
    soldQuote: scaled(sq[at]!),
    buys: bn[at]!,
    sells: sn[at]!,
  };
}

function amount(text: string): bigint {
  return text.startsWith("-") ? -scaled(text.slice(1)) : scaled(text);
}
