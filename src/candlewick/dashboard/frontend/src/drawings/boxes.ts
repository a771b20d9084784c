// Drawings of a box: a rectangle, a text, and a position with its target and its stop.

import { signed } from "../format";
import { faded } from "../style/theme";
import type { Area, Figure, Label, Stroke } from "./figure";
import type { Anchor, Drawing, Kind } from "./model";
import { positionOf, timeAt } from "./timeline";
import { type Pixel, pixelOf, type View } from "./view";

const GAIN = "#089981";
const LOSS = "#f23645";
/** A new position is so many bars wide, and reaches so far up and down, in px. */
const WIDE = 30;
const REACH = 70;

export function rectangle({ anchors, style }: Drawing, view: View): Figure {
  const [from, to] = [pixelOf(view, anchors[0]!), pixelOf(view, anchors[1]!)];
  const corners: Pixel[] = [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }];
  const strokes = corners.map((corner, at): Stroke => ({ ...style, from: corner, to: corners[(at + 1) % 4]! }));
  return { areas: [{ from, to, colour: faded(style.colour, 0.14), isSolid: true }], strokes, labels: [], handles: [from, to] };
}

export function text({ anchors, style, text }: Drawing, view: View): Figure {
  const at = pixelOf(view, anchors[0]!);
  const lines = text.split("\n");
  // The measure of a letter is that of the paper; here it only has to be near, for the pointer.
  const [width, height] = [10 + 6.5 * Math.max(...lines.map((line) => line.length)), 16 * lines.length];
  const area = { from: { x: at.x, y: at.y - 10 }, to: { x: at.x + width, y: at.y - 10 + height }, colour: "transparent", isSolid: true };
  return { areas: [area], strokes: [], labels: [{ at: { x: at.x + 6, y: at.y }, lines, colour: style.colour, box: null }], handles: [at] };
}

/** The anchors of a new position: entry, target and stop. */
export function positionAnchors(kind: Kind, entry: Anchor, view: View): Anchor[] {
  const up = kind === "long" ? 1 : -1;
  const time = timeAt(view.axis, positionOf(view.axis, entry.time) + WIDE);
  const y = view.y(entry.price);
  return [entry, { time, price: view.price(y - up * REACH) }, { time, price: view.price(y + up * REACH) }];
}

/** What a position would win and lose: in the price, in percent, and how many times the risk the reward is. */
export function position({ anchors, style }: Drawing, view: View): Figure {
  const [entry, target, stop] = anchors as unknown as [Anchor, Anchor, Anchor];
  const [at, high, low] = [entry, target, stop].map((anchor) => pixelOf(view, anchor)) as [Pixel, Pixel, Pixel];
  const right = Math.max(high.x, low.x);
  const box = (y: number, colour: string): Area => ({ from: at, to: { x: right, y }, colour: faded(colour, 0.18), isSolid: true });
  const line = (y: number, colour: string): Stroke => ({ ...style, from: { x: at.x, y }, to: { x: right, y }, colour });
  const label = (name: string, { price }: Anchor, y: number, colour: string): Label => ({
    at: { x: (at.x + right) / 2, y: y + (y < at.y ? -18 : 18) },
    lines: [`${name} ${view.priceText(price)} (${signed((100 * (price - entry.price)) / entry.price, 2)}%)`],
    colour: "#ffffff",
    box: colour,
  });
  const [reward, risk] = [Math.abs(target.price - entry.price), Math.abs(entry.price - stop.price)];
  const ratio = risk > 0 ? (reward / risk).toFixed(2) : "–";
  return {
    areas: [box(high.y, GAIN), box(low.y, LOSS)],
    strokes: [line(high.y, GAIN), line(low.y, LOSS), line(at.y, style.colour)],
    labels: [
      label("Target", target, high.y, GAIN),
      label("Stop", stop, low.y, LOSS),
      { at: { x: at.x + 6, y: at.y - 9 }, lines: [`Reward to risk ${ratio}`], colour: style.colour, box: null },
    ],
    handles: [at, { x: right, y: high.y }, { x: right, y: low.y }],
  };
}
