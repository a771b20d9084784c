// The bars of one series, merged from history pages and live frames that may arrive in any order.

import type { Bar } from "./bar";

/** What a merge did: nothing, changed or appended a few bars, or something that needs all bars drawn again. */
export type Change = { kind: "none" } | { kind: "tail"; bars: Bar[] } | { kind: "rebuild" };

/** More bars than this are drawn together rather than one by one. */
const MANY = 100;

export class BarStore {
  bars: Bar[] = [];

  get last(): Bar | undefined {
    return this.bars.at(-1);
  }

  get first(): Bar | undefined {
    return this.bars[0];
  }

  /** The bar with this open time, in seconds. */
  at(time: number): Bar | undefined {
    const index = this.indexOf(time);
    return this.bars[index]?.time === time ? this.bars[index] : undefined;
  }

  /** Take bars in, ascending by time. A tape only grows, so of two versions the one with more trades is newer. */
  merge(incoming: Bar[]): Change {
    const changed = incoming.filter((bar) => isNews(this.at(bar.time), bar));
    if (changed.length === 0) return { kind: "none" };
    const inPlace = changed.every((bar) => this.at(bar.time) || bar.time > (this.last?.time ?? -Infinity));
    if (inPlace && changed.length <= MANY && this.bars.length > 0) {
      changed.forEach((bar) => this.put(bar));
      return { kind: "tail", bars: changed };
    }
    this.bars = mergeSorted(this.bars, changed);
    return { kind: "rebuild" };
  }

  /** Drop the newest bars beyond `count`; whether there were any. */
  keepFirst(count: number): boolean {
    if (this.bars.length <= count) return false;
    this.bars = this.bars.slice(0, count);
    return true;
  }

  /** Drop the oldest bars beyond `count`; whether there were any. */
  keepLast(count: number): boolean {
    if (this.bars.length <= count) return false;
    this.bars = this.bars.slice(-count);
    return true;
  }

  private put(bar: Bar): void {
    const index = this.indexOf(bar.time);
    this.bars[index] = bar;
  }

  /** The index of the first bar at or after a time. */
  private indexOf(time: number): number {
    let low = 0;
    let high = this.bars.length;
    if (high > 0 && this.bars[high - 1]!.time < time) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.bars[middle]!.time < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isNews(known: Bar | undefined, bar: Bar): boolean {
  if (!known || bar.trades > known.trades) return true;
  if (bar.trades < known.trades) return false;
  return bar.state > known.state || (bar.state === known.state && bar.close !== known.close);
}

function mergeSorted(old: Bar[], incoming: Bar[]): Bar[] {
  const merged = new Map(old.map((bar) => [bar.time, bar]));
  for (const bar of incoming) merged.set(bar.time, bar);
  return [...merged.values()].sort((a, b) => a.time - b.time);
}
