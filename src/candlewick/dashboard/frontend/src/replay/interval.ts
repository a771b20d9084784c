// Where the bars of a timeframe begin and end. Pure.

import { secondsOf } from "../data/config";
import type { ZoneClock } from "../zone";
import type { Interval } from "./builder";

const DAY = 86_400;
/** A day of a zone with summer time is an hour shorter or longer. */
const LONGEST_SHIFT = 3 * 3_600;

/** The interval of a timeframe; a day begins at the midnight of its zone. */
export function intervalOf(timeframe: string, zone: ZoneClock): Interval {
  const seconds = secondsOf(timeframe);
  if (seconds < DAY) {
    const length = seconds * 1e6;
    return (time) => [time - (time % length), time - (time % length) + length];
  }
  return (time) => {
    const opened = midnight(time / 1e6, zone);
    return [opened * 1e6, midnight(opened + DAY + LONGEST_SHIFT, zone) * 1e6];
  };
}

/** The newest midnight of a zone at or before an instant, in seconds. */
function midnight(time: number, zone: ZoneClock): number {
  const wall = zone.wall(time);
  const day = wall - (wall % DAY);
  // What the clock was set forward or back since then shifts the guess; a second look is right.
  const guess = time - (wall - day);
  return guess + (day - zone.wall(guess));
}
