// Where the panes of the chart stand, as they come, go and are resized.

import type { IChartApiBase, Time } from "lightweight-charts";

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
