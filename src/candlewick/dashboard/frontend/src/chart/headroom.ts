// Keeps the bars below the legend while the price scale is fitted to them: the room above them is the legend's height.

import type { IChartApiBase, Time } from "lightweight-charts";

/** The least and the most room, as shares of the pane's height. */
const [LEAST, MOST] = [0.14, 0.4];
const BOTTOM = 0.08;
const GAP = 8;
/** A legend that is a line shorter for one bar does not move the chart. */
const SLACK = 40;

export class Headroom {
  private readonly observer = new ResizeObserver(() => this.fit());
  private readonly frame: number;
  private height = 0;

  constructor(
    private readonly chart: IChartApiBase<Time>,
    private readonly legend: HTMLElement,
  ) {
    this.observer.observe(legend);
    this.observer.observe(chart.chartElement());
    // The library puts the pane on the page with its first frame.
    this.frame = requestAnimationFrame(() => {
      const pane = chart.panes()[0]?.getHTMLElement();
      if (pane) this.observer.observe(pane);
    });
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
  }

  private fit(): void {
    const { offsetHeight, offsetTop } = this.legend;
    const needed = offsetTop + offsetHeight + GAP;
    if (needed > this.height || needed < this.height - SLACK) this.height = needed;
    const pane = this.chart.paneSize(0).height;
    if (pane === 0) return;
    const top = Math.min(MOST, Math.max(LEAST, this.height / pane));
    const scale = this.chart.priceScale("right", 0);
    if (scale.options().scaleMargins.top !== top) scale.applyOptions({ scaleMargins: { top, bottom: BOTTOM } });
  }
}
