// The Fibonacci retracement: shares of a move, from its end (0) back to its start (1) and beyond.

import { faded } from "../style/theme";
import type { Area, Figure, Label, Stroke } from "./figure";
import type { Drawing } from "./model";
import { type Pixel, pixelOf, type View } from "./view";

/** TradingView's levels and colours. */
export const LEVELS: readonly [share: number, colour: string][] = [
  [0, "#787b86"],
  [0.236, "#f23645"],
  [0.382, "#ff9800"],
  [0.5, "#4caf50"],
  [0.618, "#089981"],
  [0.786, "#00bcd4"],
  [1, "#787b86"],
  [1.618, "#2962ff"],
];

interface Level {
  readonly share: number;
  readonly price: number;
  readonly colour: string;
  readonly left: Pixel;
  readonly right: Pixel;
}

export function fibonacci(drawing: Drawing, view: View): Figure {
  const { anchors, style } = drawing;
  const [from, to] = [pixelOf(view, anchors[0]!), pixelOf(view, anchors[1]!)];
  const levels = levelsOf(drawing, view);
  const diagonal: Stroke = { from, to, colour: style.colour, width: 1, dash: "dashed" };
  return {
    areas: levels.slice(1).map((level, i) => between(levels[i]!, level)),
    strokes: [diagonal, ...levels.map(({ left, right, colour }) => ({ ...style, from: left, to: right, colour }))],
    labels: levels.map((level) => labelOf(level, view)),
    handles: [from, to],
  };
}

/** The price at which a share of the move from `start` to `end` is taken back: `end` at 0, `start` at 1. */
export function retraced(start: number, end: number, share: number): number {
  return end + (start - end) * share;
}

/** The shares of a drawing, ascending, with their colours: a share that is not among the usual ones takes the nearest's. */
export function sharesOf({ levels }: Pick<Drawing, "levels">): readonly [share: number, colour: string][] {
  if (!levels) return LEVELS;
  const near = (share: number) => LEVELS.reduce((best, level) => (Math.abs(level[0] - share) < Math.abs(best[0] - share) ? level : best));
  return [...levels].sort((a, b) => a - b).map((share) => [share, near(share)[1]]);
}

function levelsOf(drawing: Drawing, view: View): Level[] {
  const { anchors, style } = drawing;
  const [start, end] = [anchors[0]!, anchors[1]!];
  const [a, b] = [pixelOf(view, start).x, pixelOf(view, end).x];
  const left = style.extend === "both" ? 0 : Math.min(a, b);
  const right = style.extend === "none" ? Math.max(a, b) : Math.max(view.width, a, b);
  return sharesOf(drawing).map(([share, colour]) => {
    const price = retraced(start.price, end.price, share);
    const y = view.y(price);
    return { share, price, colour, left: { x: left, y }, right: { x: right, y } };
  });
}

function between(above: Level, below: Level): Area {
  return { from: above.left, to: below.right, colour: faded(below.colour, 0.1), isSolid: false };
}

function labelOf({ share, price, colour, left }: Level, view: View): Label {
  return { at: { x: Math.max(left.x, 0) + 4, y: left.y - 8 }, lines: [`${share} (${view.priceText(price)})`], colour, box: null };
}
