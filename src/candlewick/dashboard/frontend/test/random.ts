// Randomness with a seed, and bars made of it. A failing test prints the seed; SEED=… node test.mjs runs it again.

import type { Row } from "../src/chart/columns";

export type Random = () => number;

export const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Mulberry32: uniform numbers of [0, 1). */
export function random(seed = SEED): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number of [low, high]. */
export function between(next: Random, low: number, high: number): number {
  return low + Math.floor(next() * (high - low + 1));
}

/** A bar that opens near a price. One in ten does not move, and has no volume. */
export function bar(next: Random, time: number, open: number): Row {
  if (next() < 0.1) return { time, open, high: open, low: open, close: open, volume: 0, bought: 0 };
  const close = open * (1 + (next() - 0.5) / 50);
  const high = Math.max(open, close) * (1 + next() / 100);
  const low = Math.min(open, close) * (1 - next() / 100);
  const volume = next() * 10;
  return { time, open, high, low, close, volume, bought: volume * next() };
}

/** A walk of bars a minute apart. */
export function walk(next: Random, count: number, start = 1_700_000_000, price = 60_000): Row[] {
  const bars: Row[] = [];
  for (let i = 0; i < count; i++) bars.push(bar(next, start + i * 60, bars.at(-1)?.close ?? price));
  return bars;
}
