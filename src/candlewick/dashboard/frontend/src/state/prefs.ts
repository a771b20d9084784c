// What this browser remembers. Storage may be switched off or hold anything, so every value is checked when read.

import type { Config } from "../data/config";
import { timeframeOf } from "../data/timeframes";
import { CANDLE_COLOURS, type CandleColours } from "../style/theme";
import { isZone } from "../zone";
import { checked, type Choice } from "./choice";

export type ThemeChoice = "system" | "dark" | "light";

export interface Prefs {
  colours: CandleColours;
  /** An IANA name, or `browser`. */
  zone: string;
  /** The bare page's theme; inside Streamlit its own switch decides. */
  theme: ThemeChoice;
  /** Whether the chart's grid of lines is drawn. */
  lines: boolean;
  /** Whether lines stand between days. */
  days: boolean;
  /** The timeframes in the bar above; null for those with candles of their own. */
  favourites: string[] | null;
  /** What the charts showed last. */
  choices: Partial<Choice>[];
}

const KEY = "prefs";

/** Read what is remembered; defaults fill the rest. */
export function readPrefs(config: Config): Prefs {
  const stored = recall(KEY);
  const { zone, theme, choices } = stored;
  return {
    colours: coloursIn(stored["colours"]),
    zone: typeof zone === "string" && (zone === "browser" || isZone(zone)) ? zone : "browser",
    theme: theme === "dark" || theme === "light" ? theme : "system",
    lines: stored["lines"] !== false,
    days: stored["days"] === true,
    favourites: favourites(stored["favourites"], config),
    choices: Array.isArray(choices) ? choices.slice(0, 4).map((choice) => checked(choice, config)) : [],
  };
}

/** Remember some of it; what other tabs have changed of the rest stays. */
export function writePrefs(prefs: Partial<Prefs>): void {
  keep(KEY, { ...recall(KEY), ...prefs });
}

/** Call back when another tab has remembered something; the function returned stops that. */
export function followPrefs(heed: () => void): () => void {
  return follow(KEY, heed);
}

/** What was kept in this browser under a name; empty if that is nothing, or not a record. */
export function recall(name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(storage()?.getItem(keyOf(name)) ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Keep a record in this browser, if it allows that. */
export function keep(name: string, value: object): void {
  storage()?.setItem(keyOf(name), JSON.stringify(value));
}

/** Call back when another tab has kept a record under a name; the function returned stops that. */
export function follow(name: string, heed: () => void): () => void {
  // Without a key the whole storage was cleared.
  const hear = ({ key }: StorageEvent) => (key === null || key === keyOf(name)) && heed();
  window.addEventListener("storage", hear);
  return () => window.removeEventListener("storage", hear);
}

/** The browser's storage, or null where it is switched off. */
export function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** Leave the zone where a page that the server draws finds it. */
export function leaveZone(zone: string, base: string): void {
  document.cookie = `candlewick-zone=${encodeURIComponent(zone)}; path=${base}/; max-age=31536000; samesite=strict`;
}

function keyOf(name: string): string {
  return `candlewick.${name}.v1`;
}

function favourites(stored: unknown, { timeframes }: Config): string[] | null {
  if (!Array.isArray(stored)) return null;
  return stored.filter((one) => typeof one === "string" && timeframeOf(one, timeframes) === one);
}

/** The colours that something kept holds; defaults fill the rest. */
export function coloursIn(stored: unknown): CandleColours {
  const given = (typeof stored === "object" && stored) || {};
  const names = Object.keys(CANDLE_COLOURS);
  const valid = Object.entries(given).filter(([name, value]) => names.includes(name) && /^#[0-9a-f]{6}$/i.test(String(value)));
  return { ...CANDLE_COLOURS, ...Object.fromEntries(valid) };
}
