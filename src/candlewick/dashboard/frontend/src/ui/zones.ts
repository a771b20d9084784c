// Zones by name, and the list to choose one from.

import { clockOf, isZone } from "../zone";
import { Choices, matching, type Option } from "./choices";
import { Popover } from "./popover";

/** The zones at the top of the list. */
const PINNED: readonly [zone: string, name: string][] = [
  ["browser", "Browser"],
  ["Asia/Kolkata", "IST"],
  ["UTC", "UTC (the exchange's)"],
];
/** Browsers list some zones under names that are no longer used. */
const RENAMED: Readonly<Record<string, string>> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

/** The short name of a zone: `IST`, `UTC`, `New York`. */
export function zoneName(choice: string): string {
  const { zone } = clockOf(choice);
  return zone === "Asia/Kolkata" || zone === "Asia/Calcutta" ? "IST" : zone.split("/").at(-1)!.replaceAll("_", " ");
}

/** The pop-over with every zone that this browser knows, to be found by city, name or offset. */
export class ZoneMenu extends Popover {
  constructor(root: HTMLElement, current: () => string, choose: (zone: string) => void) {
    const take = (zone: string) => {
      this.close();
      choose(zone);
    };
    const choices = new Choices("Search a city or zone", (typed) => found(typed), take, (zone) => zone === current());
    super(root, "Time zone", choices.element);
    this.onOpen = () => choices.start();
  }
}

/** The zones that match. A name that the browser knows without listing it counts too. */
function found(typed: string): Option[] {
  const options = matching(zones(), typed);
  return options.length === 0 && isZone(typed) ? [optionOf(typed)] : options;
}

function zones(): Option[] {
  const pinned = PINNED.map(([value, name]) => ({ value, title: name, hint: offsetOf(value) }));
  const names = Intl.supportedValuesOf("timeZone").map((name) => RENAMED[name] ?? name);
  return [...pinned, ...names.filter((name) => !PINNED.some(([zone]) => zone === name)).map(optionOf)];
}

function optionOf(zone: string): Option {
  return { value: zone, title: zone.replaceAll("_", " "), hint: offsetOf(zone) };
}

/** The offset from UTC at this moment: `+5:30`. */
function offsetOf(choice: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const minutes = Math.round((clockOf(choice).wall(now) - now) / 60);
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? "−" : "+"}${hours}:${String(rest).padStart(2, "0")}`;
}
