// Bars built trade by trade, by the same rules and as exactly as the server's live bars (`bars.py`). Pure.

import { numberOf, quoteOf } from "../data/amount";
import { type Bar, State } from "../data/bar";
import type { Interval } from "../data/timeframes";
import type { Trade } from "../data/trade";

interface Building {
  readonly opened: number;
  readonly closed: number;
  open: bigint;
  high: bigint;
  low: bigint;
  close: bigint;
  volume: bigint;
  bought: bigint;
  quote: bigint;
  trades: number;
  state: State;
}

export class BarBuilder {
  /** Ascending by time. */
  readonly bars: Bar[] = [];
  private readonly building: Building[] = [];
  private readonly interval: Interval;
  private readonly isSparse: boolean;

  /** In a sparse timeframe an interval without trades has no bar; in others it has a flat one. */
  constructor(interval: Interval, isSparse: boolean) {
    this.interval = interval;
    this.isSparse = isSparse;
  }

  /** Add a trade; returns the index of the first bar that changed. */
  add(trade: Trade): number {
    const newest = this.building.at(-1);
    if (!newest || trade.time >= newest.closed) return this.openAfter(newest, trade);
    const index = trade.time >= newest.opened ? this.building.length - 1 : this.late(trade);
    this.count(this.building[index]!, trade);
    this.repriceAfter(index);
    this.tell(index);
    return index;
  }

  private openAfter(previous: Building | undefined, trade: Trade): number {
    const from = Math.max(0, this.building.length - 1);
    const [opened, closed] = this.interval(trade.time);
    if (previous) {
      previous.state = Math.max(previous.state, State.Closed);
      if (!this.isSparse) this.fillFlat(previous, opened);
    }
    const bar = flat(opened, closed, trade.price, State.Forming);
    this.count(bar, trade);
    this.building.push(bar);
    this.tell(from);
    return from;
  }

  private fillFlat(previous: Building, until: number): void {
    for (let opened = previous.closed; opened < until; ) {
      const [start, end] = this.interval(opened);
      this.building.push(flat(start, end, previous.close, State.Closed));
      opened = end;
    }
  }

  /** The index of the bar for a trade whose time is before that of a lower id; the bar is made if there is none. */
  private late(trade: Trade): number {
    const [opened, closed] = this.interval(trade.time);
    let index = this.building.findIndex((bar) => bar.opened >= opened);
    if (this.building[index]!.opened !== opened)
      this.building.splice(index, 0, flat(opened, closed, trade.price, State.Closed));
    return index;
  }

  private count(bar: Building, { price, quantity, isSell }: Trade): void {
    if (bar.trades === 0) bar.open = bar.high = bar.low = price;
    if (price > bar.high) bar.high = price;
    if (price < bar.low) bar.low = price;
    bar.close = price;
    bar.volume += quantity;
    if (!isSell) bar.bought += quantity;
    bar.quote += quoteOf(price, quantity);
    bar.trades += 1;
  }

  private repriceAfter(index: number): void {
    const { close } = this.building[index]!;
    for (const later of this.building.slice(index + 1)) {
      if (later.trades > 0) return;
      later.open = later.high = later.low = later.close = close;
    }
  }

  private tell(from: number): void {
    this.bars.length = Math.min(this.bars.length, from);
    for (const bar of this.building.slice(from)) this.bars.push(barOf(bar));
  }
}

function flat(opened: number, closed: number, price: bigint, state: State): Building {
  return { opened, closed, open: price, high: price, low: price, close: price, volume: 0n, bought: 0n, quote: 0n, trades: 0, state };
}

function barOf(bar: Building): Bar {
  return {
    time: bar.opened / 1e6,
    open: numberOf(bar.open),
    high: numberOf(bar.high),
    low: numberOf(bar.low),
    close: numberOf(bar.close),
    volume: numberOf(bar.volume),
    bought: numberOf(bar.bought),
    quoteVolume: numberOf(bar.quote),
    trades: bar.trades,
    state: bar.state,
  };
}
