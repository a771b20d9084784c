// Times and bars: where an instant lies between the bars of a chart, and where it would lie before and after them.

import { indexAt } from "../chart/columns";

/** The loaded bars' open times, in s and ascending, and where the chart has put the bars. */
export interface Axis {
  readonly times: ArrayLike<number>;
  /** Seconds from one bar to the next, used before the first bar and after the last. */
  readonly spacing: number;
  /** Centre of a bar, in px from the left of the pane. */
  barX(index: number): number;
  /** Px from one bar to the next, used before the first bar and after the last. */
  readonly barWidth: number;
}

/** The position of a time among the bars; whole at a bar's open, negative before the first bar. */
export function positionOf({ times, spacing }: Axis, time: number): number {
  const last = times.length - 1;
  if (time <= times[0]!) return (time - times[0]!) / spacing;
  if (time >= times[last]!) return last + (time - times[last]!) / spacing;
  const after = indexAt(times, time);
  const [a, b] = [times[after - 1]!, times[after]!];
  return after - 1 + (time - a) / (b - a);
}

/** The time at a position among the bars, in whole seconds. */
export function timeAt({ times, spacing }: Axis, position: number): number {
  const last = times.length - 1;
  if (position <= 0) return Math.round(times[0]! + position * spacing);
  if (position >= last) return Math.round(times[last]! + (position - last) * spacing);
  const before = Math.floor(position);
  const a = times[before]!;
  return Math.round(a + (position - before) * (times[before + 1]! - a));
}

/** Px from the left of the pane at a position among the bars. */
export function xAt({ times, barX, barWidth }: Axis, position: number): number {
  const last = times.length - 1;
  if (position <= 0) return barX(0) + position * barWidth;
  if (position >= last) return barX(last) + (position - last) * barWidth;
  const before = Math.floor(position);
  const a = barX(before);
  return a + (position - before) * (barX(before + 1) - a);
}

/** The position among the bars at some px from the left of the pane. */
export function positionAt({ times, barX, barWidth }: Axis, x: number): number {
  const last = times.length - 1;
  if (x <= barX(0)) return (x - barX(0)) / barWidth;
  if (x >= barX(last)) return last + (x - barX(last)) / barWidth;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (barX(middle) <= x) low = middle;
    else high = middle;
  }
  return low + (x - barX(low)) / (barX(high) - barX(low));
}
