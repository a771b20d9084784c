// One bar's cells as they are painted: levels of the step that fits the screen, and what they say. Kept until they change.

import { numberOf } from "../data/amount";
import { fixed, short } from "../format";
import type { FlowBar } from "./book";
import { type Level, merged, read, type Reading } from "./cells";
import { decimalsFor } from "./words";

export interface Column {
  readonly step: number;
  readonly levels: readonly Level[];
  readonly prices: readonly number[];
  readonly bought: readonly number[];
  readonly sold: readonly number[];
  /** Both as a cell writes them. */
  readonly boughtText: readonly string[];
  readonly soldText: readonly string[];
  readonly reading: Reading;
  /** The largest volume of a level, and of a side of one. */
  readonly most: number;
  readonly mostOfSide: number;
}

/** What a cell shows where nothing was traded. */
export const NOTHING = "·";

/** An amount as a cell writes it. */
export function cellText(value: number, decimals: number): string {
  return value >= 10_000 ? short(value) : fixed(value, decimals);
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
  const mostOfSide = Math.max(0, ...bought, ...sold);
  const texts = (volumes: readonly number[]) => volumes.map((volume) => (volume === 0 ? NOTHING : cellText(volume, decimalsFor(mostOfSide))));
  return {
    step: numberOf(step),
    levels,
    prices: levels.map(({ price }) => numberOf(price)),
    bought,
    sold,
    boughtText: texts(bought),
    soldText: texts(sold),
    reading: read(levels, step),
    most: Math.max(0, ...bought.map((volume, at) => volume + sold[at]!)),
    mostOfSide,
  };
}
