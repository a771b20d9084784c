// One bar's cells as they are painted: levels of the step that fits the screen, and what they say. Kept until they change.

import { numberOf } from "../data/amount";
import type { FlowBar } from "./book";
import { type Level, merged, read, type Reading } from "./cells";

export interface Column {
  readonly step: number;
  readonly levels: readonly Level[];
  readonly prices: readonly number[];
  readonly bought: readonly number[];
  readonly sold: readonly number[];
  readonly reading: Reading;
  /** The largest volume of a level, and of a side of one. */
  readonly most: number;
  readonly mostOfSide: number;
}

interface Kept {
  readonly version: number;
  readonly step: bigint;
  readonly column: Column;
}

const kept = new WeakMap<FlowBar, Kept>();

/** The column of a bar with levels of `step`, or of its own step where that is larger. */
export function columnOf(bar: FlowBar, step: bigint): Column {
  const { cells } = bar;
  const used = cells.step > step ? cells.step : step;
  const known = kept.get(bar);
  if (known && known.version === cells.version && known.step === used) return known.column;
  const column = made(merged(cells.levels.values(), used), used);
  kept.set(bar, { version: cells.version, step: used, column });
  return column;
}

export function made(levels: readonly Level[], step: bigint): Column {
  const [bought, sold] = [levels.map((level) => numberOf(level.bought)), levels.map((level) => numberOf(level.sold))];
  return {
    step: numberOf(step),
    levels,
    prices: levels.map(({ price }) => numberOf(price)),
    bought,
    sold,
    reading: read(levels, step),
    most: Math.max(0, ...bought.map((volume, at) => volume + sold[at]!)),
    mostOfSide: Math.max(0, ...bought, ...sold),
  };
}
