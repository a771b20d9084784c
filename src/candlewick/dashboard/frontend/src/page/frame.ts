// The elements of one chart of the grid: its canvas, its legend, what it shows while it waits, and its features' slots.

import type { SeriesKey } from "../data/config";
import type { Stage } from "../desk/stage";
import { keep, recall } from "../state/prefs";
import { h, iconButton, ICONS } from "../ui/dom";
import { Legend } from "../ui/legend";
import { Waiting } from "../ui/waiting";

const STORE = "legend";

export class CellFrame {
  readonly element: HTMLElement;
  readonly canvas = h("div", { class: "canvas", tabindex: 0, role: "application" });
  readonly legend = new Legend();
  readonly waiting = new Waiting();
  readonly toLive: HTMLButtonElement;
  readonly slots: Stage["slots"];

  constructor(goLive: () => void) {
    this.toLive = iconButton("To the newest bar", ICONS.live, goLive);
    this.toLive.classList.add("to-live");
    this.toLive.hidden = true;
    this.legend.setFolded(recall(STORE)["isFolded"] === true);
    this.legend.onFold = (isFolded) => keep(STORE, { isFolded });
    const overlay = h("div", { class: "overlay" });
    this.slots = {
      header: h("span", { class: "slot", hidden: true }),
      icons: h("span", { class: "slot", hidden: true }),
      rail: h("span", { class: "slot", hidden: true }),
      overlay,
      title: this.legend.title,
      legend: this.legend.rows,
    };
    const parts = [this.canvas, overlay, this.legend.element, this.toLive, this.waiting.element];
    this.element = h("section", { class: "cell" }, ...parts);
  }

  /** Name the chart, for the legend and for screen readers. */
  setSeries(series: SeriesKey): void {
    const name = `${series.symbol}, ${series.timeframe}`;
    this.legend.setSeries(series);
    this.element.setAttribute("aria-label", name);
    this.canvas.setAttribute("aria-label", `Chart of ${name}: arrow keys read the bars, Enter tells where one comes from`);
  }

  /** Show the slots that belong to the active chart only. */
  setActive(active: boolean): void {
    const { header, icons, rail } = this.slots;
    header.hidden = icons.hidden = rail.hidden = !active;
    this.element.toggleAttribute("data-active", active);
  }
}
