// How the panes of a chart share its height: as the reader dragged their edges last, in this browser.

import type { IChartApiBase, Time } from "lightweight-charts";
import { keep, recall } from "../state/prefs";

const STORE = "panes";
/** Shares of the height, by the name of a pane; one that is not named here is an indicator's. */
const SHARES: Readonly<Record<string, number>> = { price: 5, volume: 1 };
const INDICATOR = 1.4;

export class PaneHeights {
  private known: Record<string, number> = {};

  constructor(private readonly chart: IChartApiBase<Time>) {}

  /** Panes came or went; `names` are those that are there now, from the top. */
  apply(names: readonly string[]): void {
    const kept = recall(STORE);
    this.known = Object.fromEntries(names.map((name) => [name, share(kept[name]) ?? SHARES[name] ?? INDICATOR]));
    this.chart.panes().forEach((pane, index) => pane.setStretchFactor(this.known[names[index]!]!));
  }

  /** A pane has another height now: keep what the reader changed. The window's size changes no share. */
  note(): void {
    const factors = this.chart.panes().map((pane) => pane.getStretchFactor());
    const now = Object.fromEntries(Object.keys(this.known).map((name, index) => [name, factors[index]!]));
    const changed = Object.entries(now).filter(([name, factor]) => factor !== this.known[name]);
    if (changed.length === 0 || factors.length !== Object.keys(now).length) return;
    this.known = now;
    keep(STORE, { ...recall(STORE), ...Object.fromEntries(changed) });
  }
}

/** A stored share, if it is one that leaves a pane to be seen. */
function share(stored: unknown): number | null {
  return typeof stored === "number" && stored > 0.01 && stored < 100 ? stored : null;
}
