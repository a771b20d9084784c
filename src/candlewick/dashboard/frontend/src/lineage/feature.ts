// The lineage of the bar that the reader asks for, in the panel; it is fetched again until the verdict is final.

import { Painted, place } from "../chart/painted";
import type { Bar } from "../data/bar";
import type { Feature, Stage } from "../desk/stage";
import { h, ICONS } from "../ui/dom";
import { fetchLineage, type Lineage } from "./lineage";
import { viewOf } from "./view";

const AGAIN = 2_000;
const OPEN = new Set(["forming", "pending"]);

export class LineagePanel implements Feature {
  private readonly stage: Stage;
  private readonly body = h("div", { class: "lineage-body" });
  private readonly band = new Painted("bottom", (context, { height }) => this.paintBand(context, height));
  private bar: Bar | null = null;
  private readonly unbind: () => void;
  private timer = 0;
  private aborter = new AbortController();

  constructor(stage: Stage) {
    this.stage = stage;
    stage.chart.attach(this.band);
    stage.inspected.on((bar) => this.choose(bar));
    stage.actions.push(({ time }) => {
      const bar = time === null ? undefined : stage.bars[stage.chart.table.indexAt(time)];
      return bar ? [{ title: "Where this bar comes from", icon: ICONS.search, hint: "Alt+W", run: () => stage.inspect(bar) }] : [];
    });
    const isOpen = () => stage.isActive && this.bar !== null;
    this.unbind = stage.desk.keys.bind("Escape", "Close the panel", () => this.close(), isOpen);
    stage.chosen.on((choice) => {
      if ("symbol" in choice || "timeframe" in choice) this.close();
    });
  }

  dispose(): void {
    this.unbind();
    this.close();
  }

  private choose(bar: Bar): void {
    if (bar.time === this.bar?.time) return this.close();
    const { chart, series, desk } = this.stage;
    this.body.replaceChildren(h("p", { class: "soft" }, "reading …"));
    const title = `${series.symbol} ${series.timeframe} · ${chart.instantText(bar.time)}`;
    desk.panel.open(title, this.body, () => this.forget(), this.isRightHalf(bar) ? "left" : "right");
    this.bar = bar;
    this.band.refresh();
    void this.look();
  }

  /** Whether a bar is in the right half of the page, where the panel would cover it. */
  private isRightHalf({ time }: Bar): boolean {
    const { chart, desk } = this.stage;
    const box = chart.api.chartElement().getBoundingClientRect();
    const page = desk.root.getBoundingClientRect();
    const x = box.left + chart.view.x(chart.table.indexAt(time));
    return x > page.left + page.width / 2;
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
