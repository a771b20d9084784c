// The panes of a chart: where they stand as they come, go and are resized, and how they share its height.

import type { IChartApiBase, Time } from "lightweight-charts";
import { keep, recall } from "../state/prefs";

/** Tells where the panes stand. */
export class PaneTops {
  private readonly observer: ResizeObserver;
  private frame = 0;

  constructor(
    private readonly chart: IChartApiBase<Time>,
    /** Px from the top of the chart to each pane. */
    private readonly onMove: (tops: readonly number[]) => void,
  ) {
    this.observer = new ResizeObserver(() => this.tell());
    this.observer.observe(chart.chartElement());
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
  }

  /** Panes came or went: look again once the chart has put them on the page. */
  look(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      for (const pane of this.elements()) this.observer.observe(pane);
      this.tell();
    });
  }

  private elements(): HTMLElement[] {
    return this.chart.panes().flatMap((pane) => pane.getHTMLElement() ?? []);
  }

  private tell(): void {
    const top = this.chart.chartElement().getBoundingClientRect().top;
    this.onMove(this.elements().map((element) => element.getBoundingClientRect().top - top));
  }
}

const STORE = "panes";
/** Shares of the height by the name of a pane; all others are panes of indicators. */
const SHARES: Readonly<Record<string, number>> = { price: 5, volume: 1 };
const INDICATOR = 1.4;

/** Shares the height among the panes as the reader last dragged their edges in this browser. */
export class PaneHeights {
  private known: Record<string, number> = {};

  constructor(private readonly chart: IChartApiBase<Time>) {}

  /** Panes came or went; `names` are those that are there now, from the top. */
  apply(names: readonly string[]): void {
    const kept = recall(STORE);
    this.known = Object.fromEntries(names.map((name) => [name, share(kept[name]) ?? SHARES[name] ?? INDICATOR]));
    this.chart.panes().forEach((pane, index) => pane.setStretchFactor(this.known[names[index]!]!));
  }

  /** Keep the heights that the reader changed. A resized window changes none of the shares. */
  note(): void {
    const factors = this.chart.panes().map((pane) => pane.getStretchFactor());
    const now = Object.fromEntries(Object.keys(this.known).map((name, index) => [name, factors[index]!]));
    const changed = Object.entries(now).filter(([name, factor]) => factor !== this.known[name]);
    if (changed.length === 0 || factors.length !== Object.keys(now).length) return;
    this.known = now;
    keep(STORE, { ...recall(STORE), ...Object.fromEntries(changed) });
  }
}

/** A stored share, if it is large enough for the pane to be seen. */
function share(stored: unknown): number | null {
  return typeof stored === "number" && stored > 0.01 && stored < 100 ? stored : null;
}
