// Which changes of the pipeline deserve a message: old prices, new holes, candles that differ, dead processes. Pure.

export interface Report {
  readonly processes: readonly { readonly name: string; readonly is_alive: boolean }[];
  readonly symbols: readonly { readonly symbol: string; readonly holes: number }[];
  readonly audit: Readonly<Record<string, number>>;
  readonly freshness_seconds: number | null;
}

export interface Message {
  readonly text: string;
  readonly level: "bad" | "warn" | "good";
}

/** The warehouse is stale when its newest trade is older than this, in seconds. */
const STALE = 60;

/** What became worse, or good again, from one report to the next. */
export function news(before: Report, now: Report): Message[] {
  return [...freshness(before, now), ...holes(before, now), ...mismatches(before, now), ...processes(before, now)];
}

function freshness(before: Report, now: Report): Message[] {
  const [was, is] = [before, now].map(({ freshness_seconds: age }) => age !== null && age > STALE);
  if (is && !was) return [{ text: `The newest trade in the warehouse is ${Math.round(now.freshness_seconds!)} s old`, level: "warn" }];
  return was && !is ? [{ text: "The warehouse is fresh again", level: "good" }] : [];
}

function holes(before: Report, now: Report): Message[] {
  const known = new Map(before.symbols.map(({ symbol, holes }) => [symbol, holes]));
  return now.symbols.flatMap(({ symbol, holes }): Message[] => {
    const was = known.get(symbol) ?? 0;
    if (holes > was) return [{ text: `${symbol}: ${holes} trades are missing; they are asked for`, level: "warn" }];
    return holes === 0 && was > 0 ? [{ text: `${symbol}: the hole is filled`, level: "good" }] : [];
  });
}

function mismatches(before: Report, now: Report): Message[] {
  const more = (now.audit["mismatch"] ?? 0) - (before.audit["mismatch"] ?? 0);
  return more > 0 ? [{ text: `${more} ${more === 1 ? "candle differs" : "candles differ"} from the exchange's`, level: "bad" }] : [];
}

function processes(before: Report, now: Report): Message[] {
  const alive = new Set(before.processes.filter((process) => process.is_alive).map(({ name }) => name));
  return now.processes
    .filter(({ name, is_alive }) => !is_alive && alive.has(name))
    .map(({ name }) => ({ text: `The ${name} gives no sign of life`, level: "bad" }));
}
