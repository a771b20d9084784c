// What this browser remembers. Storage may be refused or hold anything, so every value is checked on the way in.

import { CANDLE_COLOURS, type CandleColours } from "./theme";
import { isZone } from "./zone";

export type ThemeChoice = "system" | "dark" | "light";

export interface Prefs {
  colours: CandleColours;
  /** An IANA name, or `browser`. */
  zone: string;
  /** The bare page's theme; inside Streamlit its own switch decides. */
  theme: ThemeChoice;
  symbol: string;
  timeframe: string;
}

const KEY = "candlewick.prefs.v1";

/** Read what is remembered; `fallback` fills the rest. */
export function readPrefs(fallback: Prefs): Prefs {
  const stored = parse(storage()?.getItem(KEY));
  const text = (name: keyof Prefs) => (typeof stored[name] === "string" ? (stored[name] as string) : fallback[name]);
  const zone = text("zone") as string;
  const theme = text("theme") as ThemeChoice;
  return {
    colours: { ...fallback.colours, ...colours(stored.colours) },
    zone: zone === "browser" || isZone(zone) ? zone : fallback.zone,
    theme: ["system", "dark", "light"].includes(theme) ? theme : fallback.theme,
    symbol: text("symbol") as string,
    timeframe: text("timeframe") as string,
  };
}

export function writePrefs(prefs: Prefs): void {
  storage()?.setItem(KEY, JSON.stringify(prefs));
}

function colours(stored: unknown): Partial<CandleColours> {
  const given = (typeof stored === "object" && stored) || {};
  const names = Object.keys(CANDLE_COLOURS);
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => names.includes(name) && /^#[0-9a-f]{6}$/i.test(String(value))),
  );
}

function parse(text: string | null | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The browser's storage, or null where it is switched off. */
function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
