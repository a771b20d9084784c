// From an indicator's values to what the chart library draws.

import type { Series } from "../chart/program";
import type { ThemeName } from "../style/theme";
import type { Output } from "./style";

/** A point of a series; without a value it only keeps the place of its time. */
export type Point<Time> = { time: Time } | { time: Time; value: number; color?: string };

/** The points of an output from bar `from` on. `Time` is the chart's brand of seconds. */
export function points<Time>(
  times: ArrayLike<number>,
  values: Series,
  output: Output,
  theme: ThemeName,
  from = 0,
): Point<Time>[] {
  const drawn: Point<Time>[] = [];
  for (let index = from; index < values.length; index++) {
    const time = times[index] as Time;
    const value = values[index]!;
    if (Number.isNaN(value)) drawn.push({ time });
    else if (output.shade) drawn.push({ time, value, color: output.shade(values, index)[theme] });
    else drawn.push({ time, value });
  }
  return drawn;
}
