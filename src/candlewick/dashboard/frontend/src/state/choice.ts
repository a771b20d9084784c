// What each chart of the page shows, as a reader chose it: in the address, so that a link shows the same, and
// remembered by the browser for a visit without one.

import { CHART_TYPES, type ChartType, type Scale, SCALES } from "../chart/charttypes";
import type { Config } from "../data/config";
import { timeframeOf } from "../data/timeframes";

/** How many charts a grid may have. */
export const GRIDS: readonly number[] = [1, 2, 4];

/** What one chart shows. */
export interface Choice {
  symbol: string;
  timeframe: string;
  type: ChartType;
  /** As `indicators/notation.ts` writes them. */
  indicators: string;
  scale: Scale;
  inverted: boolean;
  /** The symbol to compare with, or nothing. */
  compare: string;
  /** What is shown of order flow, as `flow/shown.ts` writes it. */
  flow: string;
}

/** What an address says. */
export interface Address {
  /** What is said of each chart; empty where the address names no chart. */
  choices: Partial<Choice>[];
  zone: string | null;
}

export function defaultChoice(config: Config): Choice {
  return {
    symbol: config.symbols[0] ?? "",
    timeframe: config.timeframes.includes("1m") ? "1m" : (config.timeframes[0] ?? ""),
    type: "candles",
    indicators: "ema,vwap",
    scale: "auto",
    inverted: false,
    compare: "",
    flow: "",
  };
}

/** The parts of anything that make sense as a choice here. */
export function checked(value: unknown, { symbols, timeframes }: Config): Partial<Choice> {
  const given = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const { symbol, timeframe, type, indicators, scale, inverted, compare, flow } = given;
  return {
    ...(symbols.includes(symbol as string) && { symbol: symbol as string }),
    ...(typeof timeframe === "string" && timeframeOf(timeframe, timeframes) === timeframe && { timeframe }),
    ...(CHART_TYPES.some((known) => known.type === type) && { type: type as ChartType }),
    ...(typeof indicators === "string" && { indicators }),
    ...(SCALES.includes(scale as Scale) && { scale: scale as Scale }),
    ...(typeof inverted === "boolean" && { inverted }),
    ...(typeof flow === "string" && { flow }),
    ...((compare === "" || symbols.includes(compare as string)) && { compare: compare as string }),
  };
}

/** What an address may say of a chart. */
const KEYS = ["symbol", "tf", "type", "ind", "scale", "inv", "vs", "flow"];

/**
 * Read an address: each chart has its own `symbol`, `tf`, …, in the order of the charts. What is not said of a chart is as it
 * is by default, its symbol, too.
 */
export function readAddress(search: string, config: Config): Address {
  const query = new URLSearchParams(search);
  const all = (name: string) => query.getAll(name);
  const count = Math.min(4, Math.max(...KEYS.map((name) => all(name).length)));
  const choices = Array.from({ length: count }, (_, at) => {
    const told = (name: string) => all(name)[at];
    const given = {
      symbol: told("symbol")?.toUpperCase(),
      timeframe: told("tf"),
      type: told("type"),
      indicators: told("ind"),
      // Two symbols are compared in percent, unless the address says otherwise.
      scale: told("scale") ?? (told("vs") ? "percent" : undefined),
      inverted: told("inv") === "1",
      compare: told("vs")?.toUpperCase() ?? "",
      flow: told("flow") ?? "",
    };
    return checked(given, config);
  });
  return { choices, zone: query.get("tz") };
}

/** Write the state into an address, and leave the rest of it alone. Defaults are left out where that is unambiguous. */
export function writeAddress(address: URL, choices: readonly Choice[], zone: string, config: Config): void {
  const fallback = defaultChoice(config);
  const query = address.searchParams;
  const put = (name: string, values: string[], silent: string | null) => {
    query.delete(name);
    if (silent === null || values.some((value) => value !== silent)) values.forEach((value) => query.append(name, value));
  };
  put("symbol", choices.map(({ symbol }) => symbol), null);
  put("tf", choices.map(({ timeframe }) => timeframe), null);
  put("type", choices.map(({ type }) => type), fallback.type);
  put("ind", choices.map(({ indicators }) => indicators), fallback.indicators);
  put("scale", choices.map(({ scale }) => scale), choices.some(({ compare }) => compare) ? null : fallback.scale);
  put("inv", choices.map(({ inverted }) => (inverted ? "1" : "0")), "0");
  put("vs", choices.map(({ compare }) => compare), "");
  put("flow", choices.map(({ flow }) => flow), "");
  put("tz", [zone], "browser");
}
