// Which part of which drawing a pointer is on.

import type { Area, Figure } from "./figure";
import { figureOf } from "./figures";
import type { Drawing } from "./model";
import { distance, distanceToSegment, type Pixel, type View } from "./view";

/** What a pointer holds: one anchor, or the whole drawing. */
export type Part = { readonly kind: "handle"; readonly index: number } | { readonly kind: "body" };

export interface Hit {
  readonly drawing: Drawing;
  readonly part: Part;
}

interface Near {
  readonly part: Part;
  readonly distance: number;
}

/** The drawing nearest to a pointer within `reach` px; among equals the one drawn last. */
export function hit(drawings: readonly Drawing[], view: View, at: Pixel, reach: number): Hit | null {
  let found: (Near & Hit) | null = null;
  for (const drawing of drawings) {
    const near = nearest(figureOf(drawing, view), at, reach);
    if (near && (!found || near.distance <= found.distance)) found = { ...near, drawing };
  }
  return found;
}

/** The part of a figure within reach: a handle before a line, a line before the inside of an area. */
export function nearest(figure: Figure, at: Pixel, reach: number): Near | null {
  const handles = figure.handles.map((handle) => distance(handle, at));
  const [index, least] = minimum(handles);
  if (least <= reach) return { part: { kind: "handle", index }, distance: least / 2 };
  const [, line] = minimum(figure.strokes.map(({ from, to }) => distanceToSegment(at, from, to)));
  if (line <= reach) return { part: { kind: "body" }, distance: line };
  const isInside = figure.areas.some((area) => area.isSolid && contains(area, at));
  return isInside ? { part: { kind: "body" }, distance: reach } : null;
}

function contains({ from, to }: Area, { x, y }: Pixel): boolean {
  return (x - from.x) * (x - to.x) <= 0 && (y - from.y) * (y - to.y) <= 0;
}

function minimum(values: readonly number[]): [index: number, value: number] {
  const value = Math.min(...values);
  return [values.indexOf(value), value];
}
