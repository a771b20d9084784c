// Colours. Those of the Streamlit pages are in `theme.py` and must agree with these.

export type ThemeName = "dark" | "light";

export interface Palette {
  background: string;
  surface: string;
  raised: string;
  text: string;
  strong: string;
  muted: string;
  border: string;
  grid: string;
  /** What is chosen, and links; legible as text. */
  accent: string;
  /** The same behind white text. */
  fill: string;
  crosshair: string;
  label: string;
  good: string;
  warn: string;
  bad: string;
}

export const PALETTES: Record<ThemeName, Palette> = {
  dark: {
    background: "#131722",
    surface: "#131722",
    raised: "#1e222d",
    text: "#d1d4dc",
    strong: "#f0f3fa",
    muted: "#9194a0",
    border: "#2a2e39",
    grid: "rgba(42, 46, 57, 0.6)",
    accent: "#7aa3ff",
    fill: "#2962ff",
    crosshair: "#9598a1",
    label: "#363a45",
    good: "#1fb39a",
    warn: "#f7a600",
    bad: "#ff6f7c",
  },
  light: {
    background: "#ffffff",
    surface: "#ffffff",
    raised: "#ffffff",
    text: "#131722",
    strong: "#131722",
    muted: "#5f626d",
    border: "#e0e3eb",
    grid: "rgba(224, 227, 235, 0.7)",
    accent: "#1b4fe0",
    fill: "#1b4fe0",
    crosshair: "#9598a1",
    label: "#131722",
    good: "#05705f",
    warn: "#8f5400",
    bad: "#b51826",
  },
};

/** The four colours a reader may choose: fill, and border with wick, of rising and of falling candles. */
export interface CandleColours {
  bullFill: string;
  bearFill: string;
  bullEdge: string;
  bearEdge: string;
}

export const CANDLE_COLOURS: CandleColours = {
  bullFill: "#089981",
  bearFill: "#f23645",
  bullEdge: "#089981",
  bearEdge: "#f23645",
};

function both(bull: string, bear: string): CandleColours {
  return { bullFill: bull, bearFill: bear, bullEdge: bull, bearEdge: bear };
}

/**
 * Sets of candle colours by name. Each stands out from both backgrounds by 3 to 1, as shapes should (WCAG 1.4.11). Blue and
 * orange are told apart by every kind of eye, and differ in lightness too.
 */
export const PRESETS: readonly [name: string, colours: CandleColours][] = [
  ["TradingView", CANDLE_COLOURS],
  ["Binance", both("#0aa267", "#f6465d")],
  ["Colour-blind", both("#0b6fa4", "#d97a00")],
  ["Mono", both("#8f939e", "#62656f")],
];

/** A `#rrggbb` colour with an opacity of 0..1. */
export function faded(hex: string, opacity: number): string {
  const channel = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${channel(1)}, ${channel(3)}, ${channel(5)}, ${opacity})`;
}

/** How much two `#rrggbb` colours differ: 1 where they are equal, 21 for black and white (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** A colour as near to one as may be read as text on a background: 4.5 to 1. */
export function legible(colour: string, background: string): string {
  const goal = isDark(background) ? 255 : 0;
  const mixed = (share: number) => `#${channels(colour).map((value) => hex(value + share * (goal - value))).join("")}`;
  let share = 0;
  while (share < 1 && contrast(mixed(share), background) < 4.5) share += 0.02;
  return mixed(Math.min(1, share));
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) =>
    value <= 10.31475 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function hex(value: number): string {
  return Math.round(value).toString(16).padStart(2, "0");
}

/** Whether a CSS colour (`#rgb`, `#rrggbb` or `rgb()`) is dark. */
export function isDark(colour: string): boolean {
  const [red = 255, green = 255, blue = 255] = channels(colour.trim());
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
}

function channels(colour: string): number[] {
  if (!colour.startsWith("#")) return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
  const digits = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join("") : colour.slice(1);
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
