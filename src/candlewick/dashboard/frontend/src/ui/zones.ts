// Zones by name.

import { browserZone, ZoneClock } from "../zone";

const clocks = new Map<string, ZoneClock>();

/** The wall clock of a choice of zone: an IANA name, or `browser`. */
export function clockOf(choice: string): ZoneClock {
  const zone = choice === "browser" ? browserZone() : choice;
  const known = clocks.get(zone) ?? new ZoneClock(zone);
  clocks.set(zone, known);
  return known;
}
