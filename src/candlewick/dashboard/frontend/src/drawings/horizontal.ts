// The horizontal line: one price, at all times.

import type { Figure } from "./figure";
import type { Drawing } from "./model";
import { pixelOf, type View } from "./view";

export function horizontal({ anchors, style }: Drawing, view: View): Figure {
  const { x, y } = pixelOf(view, anchors[0]!);
  const stroke = { from: { x: 0, y }, to: { x: view.width, y }, ...style };
  // The handle stays within reach when its bar does not.
  const handle = { x: Math.min(view.width - 8, Math.max(8, x)), y };
  return { areas: [], strokes: [stroke], labels: [], handles: [handle] };
}
