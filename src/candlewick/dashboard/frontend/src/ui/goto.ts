// Going to a date and time, given in the reader's zone.

import type { ZoneClock } from "../zone";
import { h } from "./dom";
import { Popover } from "./popover";

export class GoTo extends Popover {
  private readonly field = h("input", { type: "datetime-local", step: 1, "aria-label": "Date and time", autofocus: true });

  /** `go` takes seconds since the epoch. */
  constructor(root: HTMLElement, clock: () => ZoneClock, now: () => number, go: (time: number) => void) {
    const onsubmit = (event: Event) => {
      event.preventDefault();
      if (Number.isNaN(this.field.valueAsNumber)) return;
      this.close();
      go(instantOf(this.field.valueAsNumber / 1_000, clock()));
    };
    const form = h("form", { class: "form", onsubmit }, h("h2", {}, "Go to"));
    super(root, "Go to a date", form);
    form.append(this.field, h("button", { type: "submit", class: "main" }, "Go"));
    this.onOpen = () => (this.field.valueAsNumber = Math.floor(clock().wall(now()) / 60) * 60_000);
  }
}

/** The instant, in seconds since the epoch, at which a zone's clock shows a time; that is given as if it were UTC. */
export function instantOf(wall: number, clock: ZoneClock): number {
  const guess = wall - (clock.wall(wall) - wall);
  return guess - (clock.wall(guess) - wall);
}
