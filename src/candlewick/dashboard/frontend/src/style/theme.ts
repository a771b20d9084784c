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
  accent: string;
  crosshair: string;
  label: string;
  warn: string;
}

export const PALETTES: Record<ThemeName, Palette> = {
  dark: {
    background: "#131722",
    surface: "#131722",
    raised: "#1e222d",
    text: "#d1d4dc",
    strong: "#f0f3fa",
    muted: "#868993",
    border: "#2a2e39",
    grid: "rgba(42, 46, 57, 0.6)",
    accent: "#2962ff",
    crosshair: "#9598a1",
    label: "#363a45",
    warn: "#f7a600",
  },
  light: {
    background: "#ffffff",
    surface: "#ffffff",
    raised: "#ffffff",
    text: "#131722",
    strong: "#131722",
    muted: "#6a6d78",
    border: "#e0e3eb",
    grid: "rgba(224, 227, 235, 0.7)",
    accent: "#2962ff",
    crosshair: "#9598a1",
    label: "#131722",
    warn: "#c77700",
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

/** Sets of candle colours by name. Okabe and Ito chose this blue and orange to be told apart by every kind of eye. */
export const PRESETS: readonly [name: string, colours: CandleColours][] = [
  ["TradingView", CANDLE_COLOURS],
  ["Binance", both("#0ecb81", "#f6465d")],
  ["Colour-blind", both("#56b4e9", "#e69f00")],
  ["Mono", both("#b2b5be", "#5d606b")],
];

/** A `#rrggbb` colour with an opacity of 0..1. */
export function faded(hex: string, opacity: number): string {
  const channel = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${channel(1)}, ${channel(3)}, ${channel(5)}, ${opacity})`;
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
