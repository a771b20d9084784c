// A bar, as history and the live connection both send it.

/**
 * How settled a bar is: forming, closed because its interval is over, or complete as its trade ids prove. An incomplete
 * one is carried on over a hole: trades before it are missing and asked for, and its proved version follows.
 */
export const enum State {
  Incomplete = -1,
  Forming = 0,
  Closed = 1,
  Complete = 2,
}

export interface Bar {
  /** Open time in seconds since the epoch, UTC. */
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  quoteVolume: number;
  trades: number;
  /** Of the volume, what takers bought; they sold the rest. */
  bought: number;
  state: State;
}

export type BarRow = [number, number, number, number, number, number, number, number, number, State];

export interface BarColumns {
  more: boolean;
  t: number[];
  o: number[];
  h: number[];
  l: number[];
  c: number[];
  v: number[];
  q: number[];
  n: number[];
  b: number[];
  x: State[];
}

export function barOf(row: BarRow): Bar {
  const [time, open, high, low, close, volume, quoteVolume, trades, bought, state] = row;
  return { time, open, high, low, close, volume, quoteVolume, trades, bought, state };
}

export function barsOf(columns: BarColumns): Bar[] {
  const { t, o, h, l, c, v, q, n, b, x } = columns;
  return t.map((time, i) => ({
    time,
    open: o[i]!,
    high: h[i]!,
    low: l[i]!,
    close: c[i]!,
    volume: v[i]!,
    quoteVolume: q[i]!,
    trades: n[i]!,
    bought: b[i]!,
    state: x[i]!,
  }));
}
