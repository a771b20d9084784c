// How a footprint stands, in words and colours.

import { numberOf } from "../data/amount";
import { fixed, short } from "../format";
import type { Palette } from "../style/theme";
import type { Standing } from "./book";

export interface Word {
  readonly mark: string;
  readonly text: string;
  readonly title: string;
}

export const WORDS: Record<Standing, Word> = {
  proved: { mark: "✓", text: "proved", title: "All sums equal the exchange's own candle, and no trade id is missing" },
  mismatch: { mark: "≠", text: "differs", title: "A sum differs from the exchange's own candle" },
  incomplete: { mark: "∅", text: "ids missing", title: "Not all trade ids are here" },
  no_oracle: { mark: "?", text: "no oracle", title: "The exchange's own candle never came: there is nothing to compare with" },
  pending: { mark: "…", text: "not yet proved", title: "The exchange's own candle is not here yet" },
  forming: { mark: "", text: "forming", title: "The bar is not over" },
  live: { mark: "", text: "live", title: "Carried on trade by trade; the warehouse has not made it yet" },
};

/** The colour of a standing; calm where all is proved. */
export function toneOf(standing: Standing, palette: Palette): string {
  if (standing === "proved") return palette.good;
  if (standing === "mismatch") return palette.bad;
  return standing === "incomplete" || standing === "no_oracle" ? palette.warn : palette.muted;
}

/** Decimals with which amounts up to a largest one fit into a cell, all alike so that they align. */
export function decimalsFor(largest: number): number {
  return largest < 1 ? 3 : largest < 10 ? 2 : largest < 100 ? 1 : 0;
}

export function amountText(amount: bigint, decimals: number): string {
  const value = numberOf(amount);
  return Math.abs(value) >= 10_000 ? short(value) : fixed(value, decimals);
}

export function signedText(amount: bigint, decimals: number): string {
  const sign = amount > 0n ? "+" : amount < 0n ? "−" : "";
  return sign + amountText(amount < 0n ? -amount : amount, decimals);
}
