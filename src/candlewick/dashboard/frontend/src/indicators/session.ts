// Sessions: what VWAP starts anew with. For a market that never closes, a session is a day of some zone.

const DAY = 86_400;

/** Price times volume, and volume, over some bars. */
export interface Sums {
  readonly money: number;
  readonly volume: number;
}

export interface Sessions {
  /** The session of an open time (seconds, UTC); bars with equal keys share it. */
  key(time: number): number;
  /** Sums over the session of `time` before `time`, where known: from coarser bars than those on the chart, say. */
  before?(time: number): Sums | null;
}

/** Days of a zone, given its wall clock: seconds since the epoch to wall time as if it were UTC. */
export function daysOf(wall: (time: number) => number): Sessions {
  return { key: (time) => Math.floor(wall(time) / DAY) };
}

/** Days in UTC, as exchanges for crypto count them. */
export const UTC_DAYS: Sessions = daysOf((time) => time);
