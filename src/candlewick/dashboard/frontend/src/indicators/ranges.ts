// How far bars reach: true range and its average, highest and lowest prices. Other indicators are made of them.

import type { Columns } from "../chart/columns";
import type { Program, Values } from "../chart/program";
import { rma } from "./averages";

/** How far each bar reaches, the previous close included; the first bar has none and counts with high minus low. */
export function trueRange(program: Program, { high, low, close }: Columns): Values {
  return program.series((i) => {
    const before = i > 0 ? close[i - 1]! : low[i]!;
    return Math.max(high[i]!, before) - Math.min(low[i]!, before);
  });
}

/** Wilder's average of the true range (`ta.atr`). */
export function atr(program: Program, bars: Columns, length: number): Values {
  return rma(program, trueRange(program, bars), length);
}

export function highest(program: Program, values: Values, length: number): Values {
  return program.series((i) => (i + 1 < length ? NaN : greatest(values, i, length)));
}

export function lowest(program: Program, values: Values, length: number): Values {
  return program.series((i) => (i + 1 < length ? NaN : least(values, i, length)));
}

/** The smallest of the last `length` values up to an index. */
export function least(values: Values, index: number, length: number): number {
  let found = Infinity;
  for (let at = index - length + 1; at <= index; at++) found = Math.min(found, values[at]!);
  return found;
}

/** The largest of the last `length` values up to an index. */
export function greatest(values: Values, index: number, length: number): number {
  let found = -Infinity;
  for (let at = index - length + 1; at <= index; at++) found = Math.max(found, values[at]!);
  return found;
}
