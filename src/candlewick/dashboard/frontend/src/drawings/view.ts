// What drawings need to know of the chart: how a pane maps time and price to pixels, and the bars it shows.

import type { Columns } from "../chart/columns";
import type { Anchor } from "./model";
import { type Axis, positionAt, positionOf, timeAt, xAt } from "./timeline";

/** A point of the pane in CSS pixels, from its top left. */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** A pane that shows bars. There is no view while there is no bar. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly axis: Axis;
  readonly bars: Columns;
  y(price: number): number;
  /** The price at a height, rounded to the symbol's decimals. */
  price(y: number): number;
  /** A price as the price axis writes it, and a time as the crosshair's label does. */
  priceText(price: number): string;
  timeText(time: number): string;
}

export function pixelOf(view: View, { time, price }: Anchor): Pixel {
  return { x: xAt(view.axis, positionOf(view.axis, time)), y: view.y(price) };
}

/** The place under a pixel, on the nearest bar. */
export function anchorAt(view: View, { x, y }: Pixel): Anchor {
  return { time: timeAt(view.axis, Math.round(positionAt(view.axis, x))), price: view.price(y) };
}

export function distance(a: Pixel, b: Pixel): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Px from a point to the nearest point of a segment. */
export function distanceToSegment(point: Pixel, a: Pixel, b: Pixel): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const square = dx * dx + dy * dy;
  const along = square === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / square;
  const at = Math.min(1, Math.max(0, along));
  return distance(point, { x: a.x + at * dx, y: a.y + at * dy });
}
