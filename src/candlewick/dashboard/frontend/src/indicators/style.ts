// The look of an output, until the reader chooses another.

import type { Values } from "../chart/program";
import type { ThemeName } from "../style/theme";

/** A colour for each theme. */
export type Themed = Readonly<Record<ThemeName, string>>;

export const WIDTHS = [1, 2, 3, 4] as const;
export type Width = (typeof WIDTHS)[number];

export const DASHES = ["solid", "dotted", "dashed"] as const;
export type Dash = (typeof DASHES)[number];

/** One line or histogram of an indicator. What is hidden is computed for the others, and for who compares. */
export interface Output {
  readonly title: string;
  readonly kind: "line" | "steps" | "histogram" | "hidden";
  readonly colour: Themed;
  readonly width: Width;
  /** The colour of a single bar, where bars differ; all outputs are given. */
  shade?(index: number, outputs: Readonly<Record<string, Values>>): Themed;
}

export const BLUE: Themed = { dark: "#5b8cff", light: "#2962ff" };
export const AMBER: Themed = { dark: "#f7a600", light: "#d97706" };
export const VIOLET: Themed = { dark: "#b388ff", light: "#7b1fa2" };
export const CYAN: Themed = { dark: "#26c6da", light: "#00838f" };
export const ORANGE: Themed = { dark: "#ff8a50", light: "#e65100" };
export const CRIMSON: Themed = { dark: "#ef7370", light: "#b71c1c" };
export const TEAL: Themed = { dark: "#26a69a", light: "#00796b" };
export const PINK: Themed = { dark: "#f48fb1", light: "#c2185b" };

/** Colours to choose from where a line would look like another of its pane: EMA 20, 50 and 200, say. */
export const CYCLE: readonly Themed[] = [AMBER, BLUE, VIOLET, CYAN, PINK, TEAL, ORANGE, CRIMSON];

export function line(title: string, colour: Themed, width: Width = 1, shade?: Output["shade"]): Output {
  return { title, kind: "line", colour, width, ...(shade && { shade }) };
}

/** A line that stays on a level until the next one. */
export function steps(title: string, colour: Themed): Output {
  return { title, kind: "steps", colour, width: 1 };
}

export function histogram(title: string, colour: Themed, shade: NonNullable<Output["shade"]>): Output {
  return { title, kind: "histogram", colour, width: 1, shade };
}

export function hidden(title: string): Output {
  return { title, kind: "hidden", colour: TEAL, width: 1 };
}
