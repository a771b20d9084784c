// Where between two bars something lies on screen.

import type { Viewport } from "./viewport";

/** The place of a position, fractions included, in px from the left: the chart library knows whole ones only. */
export function place(view: Viewport, position: number): number {
  const whole = Math.floor(position);
  const left = view.x(whole);
  return left + (position - whole) * (view.x(whole + 1) - left);
}
