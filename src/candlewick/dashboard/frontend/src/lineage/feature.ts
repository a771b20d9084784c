// A click on a bar opens its lineage, which is fetched again until the verdict is final.

import { Painted, place } from "../chart/painted";
import type { Bar } from "../data/bar";
import type { Feature, Stage } from "../desk/stage";
import { h } from "../ui/dom";
import { fetchLineage, type Lineage } from "./lineage";
import { viewOf } from "./view";

const AGAIN = 2_000;
const OPEN = new Set(["forming", "pending"]);

export class LineagePanel implements Feature {
  private readonly stage: Stage;
  private readonly body = h("div", { class: "lineage-body" });
  private readonly band = new Painted("bottom", (context, { height }) => this.paintBand(context, height));
  private bar: Bar | null = null;
  private timer = 0;
  private aborter = new AbortController();

  constructor(stage: Stage) {
    this.stage = stage;
    stage.chart.attach(this.band);
    stage.clicked.on((bar) => this.choose(bar));
    stage.chosen.on((choice) => {
      if ("symbol" in choice || "timeframe" in choice) this.close();
    });
  }

  dispose(): void {
    this.close();
  }

  private choose(bar: Bar | undefined): void {
    if (!bar || bar.time === this.bar?.time) return this.close();
    const { chart, series, desk } = this.stage;
    this.body.replaceChildren(h("p", { class: "soft" }, "reading …"));
    desk.panel.open(`${series.symbol} ${series.timeframe} · ${chart.instantText(bar.time)}`, this.body, () => this.forget());
    this.bar = bar;
    this.band.refresh();
    void this.look();
  }

  private close(): void {
    if (this.bar) this.stage.desk.panel.close();
  }

  private forget(): void {
    this.bar = null;
    this.aborter.abort();
    window.clearTimeout(this.timer);
    this.band.refresh();
  }

  private async look(): Promise<void> {
    this.aborter.abort();
    const { signal } = (this.aborter = new AbortController());
    const { bar, stage } = this;
    if (!bar) return;
    try {
      const lineage = await fetchLineage(stage.config.base, stage.series, bar.time, signal);
      if (!signal.aborted) this.show(lineage);
    } catch (error) {
      // The server is away; ask again later.
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
      if (!signal.aborted) this.again();
    }
  }

  private again(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), AGAIN);
  }

  /** Show the lineage. There is none until the warehouse has loaded the bar, some seconds after its first trade. */
  private show(lineage: Lineage | null): void {
    if (!lineage || OPEN.has(lineage.audit.verdict)) this.again();
    const panel = this.body.closest(".panel");
    const scrolled = panel?.scrollTop ?? 0;
    const none = h("p", { class: "soft" }, "The warehouse does not have this bar yet …");
    this.body.replaceChildren(lineage ? viewOf(lineage, this.stage.desk.clock) : none);
    if (panel) panel.scrollTop = scrolled;
  }

  /** A band behind the bar whose lineage is shown. */
  private paintBand(context: CanvasRenderingContext2D, height: number): void {
    const { chart, desk } = this.stage;
    const index = this.bar ? chart.table.indexAt(this.bar.time) : -1;
    if (chart.bars[index]?.time !== this.bar?.time || index < 0) return;
    const left = place(chart.view, index - 0.5);
    context.globalAlpha = 0.22;
    context.fillStyle = desk.palette.accent;
    context.fillRect(left, 0, Math.max(3, place(chart.view, index + 0.5) - left), height);
  }
}
