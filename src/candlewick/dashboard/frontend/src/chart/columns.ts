// Bars as columns: what indicators and chart types read.

/** Bars as columns of equal length, ascending by open time. Times are seconds since the epoch, UTC. */
export interface Columns {
  readonly time: ArrayLike<number>;
  readonly open: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
  readonly volume: ArrayLike<number>;
  /** Of the volume, what takers bought. */
  readonly bought: ArrayLike<number>;
}

/** One row of columns. */
export type Row = { readonly [field in keyof Columns]: number };

const FIELDS = ["time", "open", "high", "low", "close", "volume", "bought"] as const satisfies readonly (keyof Columns)[];

/** Columns that follow a list of bars as it grows. The arrays stay the same objects, so they may be kept. */
export class BarTable implements Columns {
  readonly time: number[] = [];
  readonly open: number[] = [];
  readonly high: number[] = [];
  readonly low: number[] = [];
  readonly close: number[] = [];
  readonly volume: number[] = [];
  readonly bought: number[] = [];

  /** Copy the bars from index `from` on, and drop rows beyond the last bar. */
  write(bars: readonly Row[], from = 0): void {
    for (const field of FIELDS) {
      const column = this[field];
      const start = Math.min(from, column.length);
      column.length = start;
      for (let index = start; index < bars.length; index++) column.push(bars[index]![field]);
    }
  }

  /** The index of the first bar at or after a time; the number of bars if there is none. */
  indexAt(time: number): number {
    return indexAt(this.time, time);
  }
}

/** The index of the first of some ascending times that is at or after a time; their number if there is none. */
export function indexAt(times: ArrayLike<number>, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
