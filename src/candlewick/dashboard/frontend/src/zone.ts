// Time zones. Bars keep their UTC times; only the labels and the weights of the axis' ticks follow the zone. So an hour
// that repeats in autumn is drawn twice, and no bar is dropped or merged.

import { defaultHorzScaleBehavior, type IHorzScaleBehavior, type Time } from "lightweight-charts";

const QUARTER_HOUR = 900;
const DAY = 86_400;
/** Half a day, in seconds: added to a day's first instant, it is within that day even if the midnight is hours off. */
const NOON = 43_200;
const clocks = new Map<string, ZoneClock>();
const dayClocks = new Map<string, ZoneClock>();

/** The wall clock of a zone, or one that runs some seconds ahead of it. */
export class ZoneClock {
  private readonly offsets = new Map<number, number>();
  private readonly parts: Intl.DateTimeFormat;
  private readonly formats = new Map<string, Intl.DateTimeFormat>();

  constructor(
    readonly zone: string,
    private readonly ahead = 0,
  ) {
    this.parts = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  }

  /** Wall time of an instant, as if it were UTC: seconds in, seconds out. Zones change on quarter hours only. */
  wall(time: number): number {
    const quarter = Math.floor(time / QUARTER_HOUR);
    let offset = this.offsets.get(quarter);
    if (offset === undefined) {
      offset = this.offset(quarter * QUARTER_HOUR);
      this.offsets.set(quarter, offset);
    }
    return time + offset + this.ahead;
  }

  /** Format an instant (seconds) in this zone. */
  format(time: number, options: Intl.DateTimeFormatOptions): string {
    const key = JSON.stringify(options);
    let format = this.formats.get(key);
    if (!format) {
      format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: this.zone });
      this.formats.set(key, format);
    }
    return format.format((time + this.ahead) * 1000);
  }

  private offset(time: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.parts.formatToParts(time * 1000)) part[type] = Number(value);
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - time;
  }
}

const BY_DIVISION: [seconds: number, weight: number][] = [
  [43_200, 33],
  [21_600, 32],
  [10_800, 31],
  [3_600, 30],
  [1_800, 22],
  [300, 21],
  [60, 20],
  [1, 10],
];

/** How important a tick at wall time `now` is when the tick before is at `before`, on lightweight-charts' scale. */
export function tickWeight(now: number, before: number): number {
  const [a, b] = [new Date(now * 1000), new Date(before * 1000)];
  if (a.getUTCFullYear() !== b.getUTCFullYear()) return 70;
  if (a.getUTCMonth() !== b.getUTCMonth()) return 60;
  if (Math.floor(now / DAY) !== Math.floor(before / DAY)) return 50;
  const division = BY_DIVISION.find(([seconds]) => Math.floor(now / seconds) !== Math.floor(before / seconds));
  return division?.[1] ?? 0;
}

/** The library's own time axis, except that ticks are weighed by the wall clock that `clock` returns. */
export function zonedBehavior(clock: () => ZoneClock): IHorzScaleBehavior<Time> {
  const Default = defaultHorzScaleBehavior();
  type Points = Parameters<IHorzScaleBehavior<Time>["fillWeightsForPoints"]>[0];

  class Zoned extends Default {
    override fillWeightsForPoints(points: Points, start: number): void {
      const wall = (index: number) => clock().wall(Number(this.key(points[index]!.time)));
      let before = start > 0 ? wall(start - 1) : null;
      const first = start === 0 && points.length > 0 ? wall(0) : 0;
      for (let index = start; index < points.length; index++) {
        const now = wall(index);
        if (before !== null) points[index]!.timeWeight = tickWeight(now, before) as Points[number]["timeWeight"];
        before = now;
      }
      // The first point has no predecessor: weigh it against one an average step earlier.
      if (start === 0 && points.length > 1 && before !== null) {
        const step = Math.ceil((before - first) / (points.length - 1));
        points[0]!.timeWeight = tickWeight(first, first - step) as Points[number]["timeWeight"];
      }
    }
  }
  return new Zoned();
}

/** Asked once: the browser takes long to answer, and a page that travels has the old zone until it is loaded anew. */
let browsers: string | null = null;

/** The wall clock of the chosen zone: an IANA name, or `browser`. */
export function clockOf(choice: string): ZoneClock {
  const zone = choice === "browser" ? (browsers ??= browserZone()) : choice;
  const known = clocks.get(zone) ?? new ZoneClock(zone);
  clocks.set(zone, known);
  return known;
}

/**
 * The clock that tells the day of a daily bar by its open time. It runs half a day ahead: the warehouse decided when
 * midnight was, and a browser with other rules for the zone must not take that instant for the evening before. Half a
 * day ahead, UTC names the right day for nearly every zone, so it is used where the browser does not know the zone.
 */
export function dayClockOf(zone: string): ZoneClock {
  const known = dayClocks.get(zone) ?? new ZoneClock(isZone(zone) ? zone : "UTC", NOON);
  dayClocks.set(zone, known);
  return known;
}

/** The zone of this browser. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Whether this browser knows a zone. */
export function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
