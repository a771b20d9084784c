// What was bought and sold at each price of one bar, and what a trader reads from it. Pure, and exact: amounts are whole
// numbers of 10^-8.

import { quoteOf } from "../data/amount";
import type { Trade } from "../data/trade";

/** What was traded in [price, price + step). */
export interface Level {
  readonly price: bigint;
  bought: bigint;
  sold: bigint;
  boughtQuote: bigint;
  soldQuote: bigint;
  buys: number;
  sells: number;
}

/** Where the level of a step begins that a price lies in. */
export function levelOf(price: bigint, step: bigint): bigint {
  return price - (price % step);
}

/** The smallest step of 1, 5, 10, 50, … that is not below one: each divides the next, so levels add up to larger ones. */
export function stepAtLeast(step: bigint): bigint {
  let found = 1n;
  for (let isOne = true; found < step; isOne = !isOne) found *= isOne ? 5n : 2n;
  return found;
}

export class Cells {
  readonly levels = new Map<bigint, Level>();
  delta = 0n;
  minDelta: bigint | null = null;
  maxDelta: bigint | null = null;
  firstId: bigint | null = null;
  lastId: bigint | null = null;
  /** Changes with every trade. */
  version = 0;

  constructor(readonly step: bigint) {}

  /** The same once more, to go on from. */
  copy(): Cells {
    const copied = new Cells(this.step);
    for (const [price, level] of this.levels) copied.levels.set(price, { ...level });
    const { delta, minDelta, maxDelta, firstId, lastId, version } = this;
    return Object.assign(copied, { delta, minDelta, maxDelta, firstId, lastId, version });
  }

  /** Count one more trade, whose id is higher than every id so far. */
  add(trade: Trade): void {
    const level = this.at(levelOf(trade.price, this.step));
    const quote = quoteOf(trade.price, trade.quantity);
    if (trade.isSell) {
      level.sold += trade.quantity;
      level.soldQuote += quote;
      level.sells += 1;
    } else {
      level.bought += trade.quantity;
      level.boughtQuote += quote;
      level.buys += 1;
    }
    this.delta += trade.isSell ? -trade.quantity : trade.quantity;
    if (this.minDelta === null || this.delta < this.minDelta) this.minDelta = this.delta;
    if (this.maxDelta === null || this.delta > this.maxDelta) this.maxDelta = this.delta;
    this.firstId ??= trade.id;
    this.lastId = trade.id;
    this.version += 1;
  }

  /** Count a level of a step that divides this one. */
  addLevel(added: Level): void {
    const level = this.at(levelOf(added.price, this.step));
    level.bought += added.bought;
    level.sold += added.sold;
    level.boughtQuote += added.boughtQuote;
    level.soldQuote += added.soldQuote;
    level.buys += added.buys;
    level.sells += added.sells;
  }

  /** Ascending by price. */
  sorted(): Level[] {
    return [...this.levels.values()].sort((a, b) => (a.price < b.price ? -1 : 1));
  }

  private at(price: bigint): Level {
    let level = this.levels.get(price);
    if (!level) {
      level = { price, bought: 0n, sold: 0n, boughtQuote: 0n, soldQuote: 0n, buys: 0, sells: 0 };
      this.levels.set(price, level);
    }
    return level;
  }
}

/** The levels of some bars in one, of a step that all of theirs divide. */
export function merged(levels: Iterable<Level>, step: bigint): Level[] {
  const cells = new Cells(step);
  for (const level of levels) cells.addLevel(level);
  return cells.sorted();
}

/** Indexes of levels: where most was traded, and the ends of the value area. */
export interface Area {
  readonly point: number;
  readonly low: number;
  readonly high: number;
}

/** The value area holds this many hundredths of the volume. */
const SHARE = 70n;

/**
 * The value area of levels with trades: from the largest, the lowest of several, it grows by the larger neighbour, and by
 * both where they are equal, until it holds its share. The server has the same rule (`levels.py`).
 */
export function valueArea(levels: readonly Level[]): Area | null {
  const volumes = levels.map(({ bought, sold }) => bought + sold);
  const total = volumes.reduce((sum, volume) => sum + volume, 0n);
  if (total === 0n) return null;
  const point = volumes.reduce((best, volume, index) => (volume > volumes[best]! ? index : best), 0);
  let [low, high, held] = [point, point, volumes[point]!];
  while (held * 100n < total * SHARE) {
    const below = low > 0 ? volumes[low - 1]! : -1n;
    const above = high + 1 < volumes.length ? volumes[high + 1]! : -1n;
    if (above >= below) [high, held] = [high + 1, held + above];
    if (below >= above) [low, held] = [low - 1, held + below];
  }
  return { point, low, high };
}

/** Which side outweighs the other at a level. */
export type Imbalance = "buy" | "sell" | null;

/** So many times the other side's volume is an imbalance. */
const OUTWEIGHS = 3n;
/** So many imbalances of one side in a row are stacked. */
const STACK = 3;

export interface Reading {
  readonly area: Area | null;
  readonly imbalances: readonly Imbalance[];
  /** Whether a level is one of at least three in a row with the same imbalance. */
  readonly stacked: readonly boolean[];
  /** An auction is unfinished where both sides traded at the bar's end. */
  readonly unfinishedHigh: boolean;
  readonly unfinishedLow: boolean;
}

/** What levels say, ascending by price: buyers are compared with the sellers one step below them. */
export function read(levels: readonly Level[], step: bigint): Reading {
  const beside = (index: number, away: 1 | -1) => {
    const other = levels[index + away];
    return other && other.price - levels[index]!.price === step * BigInt(away) ? other : undefined;
  };
  const imbalances = levels.map((level, index): Imbalance => {
    const [below, above] = [beside(index, -1), beside(index, 1)];
    if (below && level.bought > 0n && level.bought >= OUTWEIGHS * below.sold) return "buy";
    return above && level.sold > 0n && level.sold >= OUTWEIGHS * above.bought ? "sell" : null;
  });
  const isBoth = (level: Level | undefined) => level !== undefined && level.bought > 0n && level.sold > 0n;
  return {
    area: valueArea(levels),
    imbalances,
    stacked: stackedOf(levels, imbalances, step),
    unfinishedHigh: isBoth(levels.at(-1)),
    unfinishedLow: isBoth(levels[0]),
  };
}

function stackedOf(levels: readonly Level[], imbalances: readonly Imbalance[], step: bigint): boolean[] {
  const stacked = levels.map(() => false);
  for (let start = 0; start < levels.length; ) {
    let end = start + 1;
    const isNext = () => imbalances[end] === imbalances[start] && levels[end]!.price - levels[end - 1]!.price === step;
    while (end < levels.length && isNext()) end += 1;
    if (imbalances[start] !== null && end - start >= STACK) stacked.fill(true, start, end);
    start = end;
  }
  return stacked;
}
