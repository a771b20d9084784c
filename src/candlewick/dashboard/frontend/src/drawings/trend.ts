// Lines: the trend line through two points, and beyond them if asked to; the horizontal one at one price.

import type { Figure } from "./figure";
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
