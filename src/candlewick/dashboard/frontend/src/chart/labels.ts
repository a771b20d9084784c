// Labels of the time axis and the crosshair, in a zone.

import { TickMarkType } from "lightweight-charts";
import { isDaily } from "../data/timeframes";
import type { ZoneClock } from "../zone";

const TICKS: Record<TickMarkType, Intl.DateTimeFormatOptions> = {
  [TickMarkType.Year]: { year: "numeric" },
  [TickMarkType.Month]: { month: "short" },
  [TickMarkType.DayOfMonth]: { day: "numeric" },
  [TickMarkType.Time]: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  [TickMarkType.TimeWithSeconds]: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};
const DAY: Intl.DateTimeFormatOptions = { weekday: "short", day: "2-digit", month: "short", year: "2-digit" };

export function tickLabel(time: number, type: TickMarkType, clock: ZoneClock): string {
  return clock.format(time, TICKS[type]);
}

/** A tick of daily bars is at least a day; the very first one could not be weighed, as there is none before it. */
export function dayLabel(time: number, type: TickMarkType, clock: ZoneClock): string {
  return tickLabel(time, Math.min(type, TickMarkType.DayOfMonth), clock);
}

/** The instant under the crosshair: a day, or a day and the time in it. */
export function instantLabel(time: number, timeframe: string, clock: ZoneClock): string {
  const day = clock.format(time, DAY).replace(",", "");
  if (isDaily(timeframe)) return day;
  return `${day}  ${tickLabel(time, timeframe === "1s" ? TickMarkType.TimeWithSeconds : TickMarkType.Time, clock)}`;
}
