// Timeframes: those with candles of their own, and whole multiples of a minute, hour, day or week, which the server rolls
// up. All but `1d`, which follows a zone, open on multiples of their length in UTC, as the exchange's do. Pure.

import type { ZoneClock } from "../zone";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const DAY = 86_400;
/** No bar is longer: the server's rule. */
const LONGEST = 31 * DAY;
/** In seconds since the epoch, which was a Thursday: weeks begin here. */
const FIRST_MONDAY = 4 * DAY;
/** A day of a zone with summer time is an hour shorter or longer. */
const LONGEST_SHIFT = 3 * 3_600;

/** Seconds from one bar to the next: 900 for `15m`. With summer time, a day may be an hour longer or shorter. */
export function secondsOf(timeframe: string): number {
  return Number.parseInt(timeframe, 10) * UNITS[timeframe.at(-1)!]!;
}

/** Whether bars are whole days, so that the axis names days and no times. */
export function isDaily(timeframe: string): boolean {
  return secondsOf(timeframe) % DAY === 0;
}

/**
 * The timeframe that a text means, or null: `3` is three minutes, `120m` is `2h`. `known` are those with candles of their
 * own, of which seconds have no multiples.
 */
export function timeframeOf(text: string, known: readonly string[]): string | null {
  const [, count = "", unit = "m"] = /^([1-9]\d{0,4})\s*([smhdw])?$/.exec(text.trim().toLowerCase()) ?? [];
  if (count === "") return null;
  const given = count + unit;
  if (known.includes(given)) return given;
  if (unit === "s" || secondsOf(given) > LONGEST) return null;
  return known.find((one) => one !== "1d" && secondsOf(one) === secondsOf(given)) ?? shortest(Number(count), unit);
}

/** In hours where minutes are whole ones. Hours stay hours: `24h` is a day in UTC. */
function shortest(count: number, unit: string): string {
  return unit === "m" && count % 60 === 0 ? `${count / 60}h` : count + unit;
}

/** The [open, close) of the bar that holds an instant, all in µs. */
export type Interval = (time: number) => readonly [opened: number, closed: number];

/** The interval of a timeframe; a `1d` begins at the midnight of its zone. */
export function intervalOf(timeframe: string, zone: ZoneClock): Interval {
  if (timeframe === "1d") {
    return (time) => {
      const opened = midnight(time / 1e6, zone);
      return [opened * 1e6, midnight(opened + DAY + LONGEST_SHIFT, zone) * 1e6];
    };
  }
  const length = secondsOf(timeframe) * 1e6;
  const phase = timeframe.endsWith("w") ? FIRST_MONDAY * 1e6 : 0;
  return (time) => {
    const opened = time - ((time - phase) % length);
    return [opened, opened + length];
  };
}

/** The newest midnight of a zone at or before an instant, in seconds. */
function midnight(time: number, zone: ZoneClock): number {
  const wall = zone.wall(time);
  const day = wall - (wall % DAY);
  // If the clock was changed since midnight the guess is off by that change, so correct it once.
  const guess = time - (wall - day);
  return guess + (day - zone.wall(guess));
}
