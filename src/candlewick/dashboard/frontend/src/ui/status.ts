// The bar below the chart: is it live, how fresh is it, when does the bar close, and what time is it where?

import type { Scale } from "../choice";
import { h, markCurrent, setText } from "../dom";
import { countdown, fixed, span } from "../format";
import type { Health } from "../health";
import type { Source, Status } from "../live";
import type { ZoneClock } from "../zone";

/** Zones that are always on offer, before all others. */
const PINNED: [zone: string, name: string][] = [
  ["browser", "Browser"],
  ["Asia/Kolkata", "IST"],
  ["UTC", "UTC"],
];
const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const SOURCES: Record<Source, [name: string, title: string]> = {
  feed: ["feed", "The forming bar: the warehouse's bar, carried on by the recorder's trades with contiguous ids"],
  mart: ["warehouse", "Bars come from the warehouse alone: the recorder's feed is not there, or waits for a hole to be filled"],
  waiting: ["", ""],
};

export interface StatusActions {
  setZone(zone: string): void;
  setScale(scale: Scale): void;
}

export class StatusBar {
  readonly element: HTMLElement;
  private readonly health = h("span", { class: "health" });
  private readonly closes = h("span", { class: "closes" });
  private readonly bars = h("span", { class: "wide-only" });
  private readonly source = h("span", { class: "wide-only" });
  private readonly history = h("span", { class: "progress" });
  private readonly clock = h("time", { class: "clock" });
  private readonly zone: HTMLSelectElement;
  private readonly scales: HTMLButtonElement[];

  constructor(zone: string, actions: StatusActions) {
    this.zone = h("select", { "aria-label": "Time zone", onchange: () => actions.setZone(this.zone.value) });
    this.zone.append(
      ...PINNED.map(([value, name]) => h("option", { value }, name)),
      h("optgroup", { label: "All zones" }, ...Intl.supportedValuesOf("timeZone").map((name) => h("option", {}, name))),
    );
    this.setZone(zone);
    this.scales = (["auto", "log", "percent"] as const).map((scale) =>
      h("button", { type: "button", value: scale, onclick: () => actions.setScale(scale) }, scale === "percent" ? "%" : scale),
    );
    this.element = h(
      "footer",
      { class: "bottom" },
      this.health,
      this.closes,
      this.bars,
      this.source,
      this.history,
      h("span", { class: "spring" }),
      this.clock,
      h("label", { class: "select zone-box" }, this.zone),
      h("span", { class: "scales wide-only" }, ...this.scales),
    );
  }

  setZone(zone: string): void {
    this.zone.value = zone;
    if (this.zone.value !== zone) this.zone.append(h("option", { value: zone, selected: true }, zone));
  }

  setHealth(health: Health, latency: number | null): void {
    this.health.dataset.health = health;
    const words = health === "lost" ? "reconnecting" : health;
    setText(this.health, latency === null ? words : `${words} · ${span(latency)}`);
    this.health.title = latency === null ? "" : "From the exchange's event to the bar on this screen";
  }

  setStatus(status: Status, bars: number): void {
    const [name, title] = SOURCES[status.source];
    setText(this.source, name);
    this.source.title = title;
    setText(this.bars, bars > 0 ? `${fixed(bars, 0)} bars` : "");
    const loading = status.history !== null && status.history < 1;
    setText(this.history, loading ? `history ${Math.floor(100 * status.history!)} %` : "");
  }

  /** Show the time and the countdown; `now` and `closes` in ms. */
  tick(now: number, closes: number | null, clock: ZoneClock): void {
    setText(this.clock, clock.format(now / 1_000, CLOCK));
    setText(this.closes, closes === null ? "" : `closes in ${countdown((closes - now) / 1_000)}`);
  }

  setScale(scale: Scale): void {
    markCurrent(this.scales, scale);
  }
}
