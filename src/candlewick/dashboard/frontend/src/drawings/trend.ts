// Lines: through two points and beyond them, at one price, at one time, and two that are parallel.

import { faded } from "../style/theme";
import type { Figure, Stroke } from "./figure";
import type { Drawing, Extend } from "./model";
import { type Pixel, pixelOf, type View } from "./view";

export function trend({ anchors, style }: Drawing, view: View): Figure {
  const [a, b] = [pixelOf(view, anchors[0]!), pixelOf(view, anchors[1]!)];
  const [from, to] = extended(a, b, style.extend, view);
  return { areas: [], strokes: [{ from, to, ...style }], labels: [], handles: [a, b] };
}

/** The ends of a line that goes on to the right edge of the pane, or to both edges; a vertical one goes up or down. */
export function extended(a: Pixel, b: Pixel, extend: Extend, pane: { width: number; height: number }): [Pixel, Pixel] {
  if (extend === "none") return [a, b];
  if (a.x === b.x) return upright(a, b, extend, pane.height);
  const [left, right] = a.x < b.x ? [a, b] : [b, a];
  const at = (x: number): Pixel => ({ x, y: left.y + ((x - left.x) * (right.y - left.y)) / (right.x - left.x) });
  return [extend === "both" && left.x > 0 ? at(0) : left, right.x < pane.width ? at(pane.width) : right];
}

function upright(a: Pixel, b: Pixel, extend: Extend, height: number): [Pixel, Pixel] {
  if (a.y === b.y) return [a, b];
  const edge = (towards: boolean): Pixel => ({ x: a.x, y: towards ? height : 0 });
  return [extend === "both" ? edge(b.y < a.y) : a, edge(b.y > a.y)];
}

export function horizontal({ anchors, style }: Drawing, view: View): Figure {
  const { x, y } = pixelOf(view, anchors[0]!);
  const stroke = { from: { x: 0, y }, to: { x: view.width, y }, ...style };
  // Keep the handle on screen when its bar is not.
  const handle = { x: Math.min(view.width - 8, Math.max(8, x)), y };
  return { areas: [], strokes: [stroke], labels: [], handles: [handle] };
}

/** From its first point through its second to the edge of the pane. */
export function ray({ anchors, style }: Drawing, view: View): Figure {
  const [a, b] = [pixelOf(view, anchors[0]!), pixelOf(view, anchors[1]!)];
  const ends = extended(a, b, "both", view);
  const isAhead = (end: Pixel) => (end.x - a.x) * (b.x - a.x) + (end.y - a.y) * (b.y - a.y) > 0;
  return { areas: [], strokes: [{ from: a, to: ends.find(isAhead) ?? b, ...style }], labels: [], handles: [a, b] };
}

export function vertical({ anchors, style }: Drawing, view: View): Figure {
  const { x } = pixelOf(view, anchors[0]!);
  const stroke = { from: { x, y: 0 }, to: { x, y: view.height }, ...style };
  const label = { at: { x: x + 6, y: view.height - 14 }, lines: [view.timeText(anchors[0]!.time)], colour: style.colour, box: null };
  return { areas: [], strokes: [stroke], labels: [label], handles: [{ x, y: view.height / 2 }] };
}

/** Two lines of the same slope, the second through a third point, and a dashed one between them. */
export function channel({ anchors, style }: Drawing, view: View): Figure {
  const [a, b, c] = anchors.map((anchor) => pixelOf(view, anchor)) as [Pixel, Pixel, Pixel];
  const along = a.x === b.x ? 0 : (c.x - a.x) / (b.x - a.x);
  const apart = c.y - (a.y + along * (b.y - a.y));
  const moved = ({ x, y }: Pixel, share: number): Pixel => ({ x, y: y + share * apart });
  const line = (share: number, more: Partial<Stroke> = {}): Stroke => {
    const [from, to] = extended(moved(a, share), moved(b, share), style.extend, view);
    return { ...style, from, to, ...more };
  };
  const strokes = [line(0), line(1), line(0.5, { width: 1, dash: "dashed" })];
  const [first, second] = [strokes[0]!, strokes[1]!];
  const corners = [first.from, first.to, second.to, second.from];
  return { areas: [], shapes: [{ corners, colour: faded(style.colour, 0.1) }], strokes, labels: [], handles: [a, b, c] };
}
