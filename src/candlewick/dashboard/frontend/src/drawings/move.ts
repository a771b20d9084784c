// Moving a drawing, and the magnet that draws a point to a bar's prices.

import type { Part } from "./hit";
import { type Anchor, type Drawing, withAnchor } from "./model";
import { positionAt, positionOf, timeAt } from "./timeline";
import { anchorAt, type Pixel, type View } from "./view";

/** Gives the place that a pointer means. */
export type Place = (view: View, at: Pixel) => Anchor;

/** How strongly a bar's prices attract: not at all, when near, or from anywhere. */
export type Magnet = "off" | "weak" | "strong";

const REACH: Record<Magnet, number> = { off: 0, weak: 24, strong: Infinity };

/** The place under a pointer, drawn to the nearest of the four prices of the bar there. */
export function magnetic(magnet: Magnet): Place {
  return (view, at) => {
    const anchor = anchorAt(view, at);
    const index = Math.round(positionAt(view.axis, at.x));
    if (magnet === "off" || index < 0 || index >= view.bars.time.length) return anchor;
    const { open, high, low, close } = view.bars;
    const prices = [open, high, low, close].map((column) => column[index]!);
    const far = (price: number) => Math.abs(view.y(price) - at.y);
    const price = prices.reduce((best, other) => (far(other) < far(best) ? other : best));
    return far(price) <= REACH[magnet] ? { time: anchor.time, price } : anchor;
  };
}

/** A drawing after its part went with the pointer. The body moves by whole bars and keeps its form. */
export function moved(drawing: Drawing, part: Part, from: Pixel, to: Pixel, view: View, place: Place): Drawing {
  if (part.kind === "handle") return withAnchor(drawing, part.index, place(view, to));
  const bars = Math.round(positionAt(view.axis, to.x) - positionAt(view.axis, from.x));
  const anchors = drawing.anchors.map((anchor) => ({
    time: bars === 0 ? anchor.time : timeAt(view.axis, positionOf(view.axis, anchor.time) + bars),
    price: to.y === from.y ? anchor.price : view.price(view.y(anchor.price) + to.y - from.y),
  }));
  return { ...drawing, anchors };
}
