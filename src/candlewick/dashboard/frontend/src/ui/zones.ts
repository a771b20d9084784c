// Zones by name, and the list to choose one from.

import { browserZone, ZoneClock } from "../zone";
import { Choices, matching, type Option } from "./choices";
import { Popover } from "./popover";

/** Zones that are always on offer, before all others. */
const PINNED: readonly [zone: string, name: string][] = [
  ["browser", "Browser"],
  ["Asia/Kolkata", "IST"],
  ["UTC", "UTC (the exchange's)"],
];
const clocks = new Map<string, ZoneClock>();

/** The wall clock of a choice of zone: an IANA name, or `browser`. */
export function clockOf(choice: string): ZoneClock {
  const zone = choice === "browser" ? browserZone() : choice;
  const known = clocks.get(zone) ?? new ZoneClock(zone);
  clocks.set(zone, known);
  return known;
}

/** A zone's name where there is little room: `IST`, `UTC`, `New York`. */
export function zoneName(choice: string): string {
  if (choice === "Asia/Kolkata") return "IST";
  return clockOf(choice).zone.split("/").at(-1)!.replaceAll("_", " ");
}

/** The pop-over with every zone that this browser knows, found by city, by its name or by its offset. */
export class ZoneMenu extends Popover {
  constructor(root: HTMLElement, current: () => string, choose: (zone: string) => void) {
    const take = (zone: string) => {
      this.close();
      choose(zone);
    };
    const choices = new Choices("Search a city or zone", (typed) => matching(zones(), typed), take, (zone) => zone === current());
    super(root, "Time zone", choices.element);
    this.onOpen = () => choices.start();
  }
}

function zones(): Option[] {
  const pinned = PINNED.map(([value, name]) => ({ value, title: name, hint: offsetOf(value) }));
  const names = Intl.supportedValuesOf("timeZone").filter((name) => !PINNED.some(([zone]) => zone === name));
  return [...pinned, ...names.map((name) => ({ value: name, title: name.replaceAll("_", " "), hint: offsetOf(name) }))];
}

/** The offset from UTC at this moment: `+5:30`. */
function offsetOf(choice: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const minutes = Math.round((clockOf(choice).wall(now) - now) / 60);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "−" : "+"}${hours}:${String(rest).padStart(2, "0")}`;
}
