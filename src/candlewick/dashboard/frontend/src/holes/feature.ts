// Shows what is proven of the bars on screen, and fetches it again every few seconds.

import { secondsOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";
import { h, setText } from "../ui/dom";
import { Proof, type Standing, type Told } from "./proof";
import { makeShade } from "./shade";

/** About as often as the audit runs, in ms. */
const EVERY = 5_000;

/** A pointer this near to a pane's lower edge, in px, is on the ribbon. */
const REACH = 9;
/** So far below it, the edge of the pane can be dragged. */
const EDGE = 3;

const WORDS: Record<Standing, [text: string, title: string]> = {
  forming: ["", ""],
  incomplete: ["not proven whole", "It is not proven that no trade is missing in this bar or beside it"],
  pending: ["audit pending", "The exchange's own candle is not here yet"],
  no_oracle: ["no oracle", "The exchange's own candle never came: there is nothing to compare with"],
  match: ["audited", "Equal to the exchange's own candle in every field"],
  mismatch: ["differs from the exchange", "A field differs from the exchange's own candle: double-click the bar to see which"],
};

export class Holes implements Feature {
  private proof = new Proof();
  private aborter = new AbortController();
  private readonly stage: Stage;
  private readonly painted = makeShade(() => ({
    chart: this.stage.chart,
    proof: this.proof,
    palette: this.stage.desk.palette,
    seconds: secondsOf(this.stage.series.timeframe),
  }));
  private readonly badge = h("span", { class: "standing", hidden: true });
  private readonly timer: number;
  private pointed: number | null = null;
  /** Where the pointer is, in px of the panes. */
  private pointer: { readonly x: number; readonly y: number } | null = null;
  // The edge by which a pane is dragged lies over half of the ribbon, and there is no crosshair on it.
  private readonly follow = ({ clientX, clientY }: PointerEvent) => {
    const { left, top } = this.stage.canvas.getBoundingClientRect();
    this.pointer = { x: clientX - left, y: clientY - top };
    this.explain();
  };
  private readonly leave = () => {
    this.pointer = null;
    this.explain();
  };

  constructor(stage: Stage) {
    this.stage = stage;
    this.painted.forEach((painted) => stage.chart.attach(painted));
    stage.slots.title.append(this.badge);
    stage.opened.on(() => void this.fetch());
    stage.painted.on(() => this.refresh());
    stage.drawn.on(() => this.showBadge());
    stage.crosshair.on((time) => {
      this.pointed = time;
      this.showBadge();
    });
    stage.canvas.addEventListener("pointermove", this.follow);
    stage.canvas.addEventListener("pointerleave", this.leave);
    this.timer = window.setInterval(() => void this.fetch(), EVERY);
  }

  dispose(): void {
    window.clearInterval(this.timer);
    this.aborter.abort();
    this.stage.canvas.removeEventListener("pointermove", this.follow);
    this.stage.canvas.removeEventListener("pointerleave", this.leave);
  }

  private async fetch(): Promise<void> {
    const { bars, config, series } = this.stage;
    const first = bars[0];
    if (!first || document.hidden) return;
    this.aborter.abort();
    const { signal } = (this.aborter = new AbortController());
    const query = new URLSearchParams({ symbol: series.symbol, since: String(first.time) });
    try {
      const answer = await fetch(`${config.base}/api/proof?${query}`, { signal });
      if (!answer.ok || signal.aborted) return;
      this.proof = new Proof((await answer.json()) as Told);
      this.refresh();
    } catch (error) {
      // The server is away, which the status bar tells; the next round asks again.
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
    }
  }

  /** Tell what the ribbon says of a bar while the pointer is on it. */
  private explain(): void {
    const { bars, canvas, chart, series } = this.stage;
    const below = this.pointer && chart.api.paneSize(0).height - this.pointer.y;
    const isOn = below !== null && below < REACH && below > -EDGE;
    const bar = isOn ? bars[Math.round(chart.api.timeScale().coordinateToLogical(this.pointer!.x) ?? -1)] : undefined;
    const [text, title] = bar ? WORDS[this.proof.standing(bar, secondsOf(series.timeframe))] : ["", ""];
    canvas.title = text ? `${text}: ${title}` : "";
  }

  private refresh(): void {
    this.painted.forEach((painted) => painted.refresh());
    this.showBadge();
    this.explain();
  }

  private showBadge(): void {
    const { bars, chart, series } = this.stage;
    const bar = bars[this.pointed === null ? bars.length - 1 : chart.table.indexAt(this.pointed)];
    const standing = bar ? this.proof.standing(bar, secondsOf(series.timeframe)) : "forming";
    const [text, title] = WORDS[standing];
    this.badge.hidden = text === "";
    this.badge.dataset.standing = standing;
    this.badge.title = title;
    setText(this.badge, text);
  }
}
