// The bar that the reader selected: a band behind it, its numbers in the legend, and the keys that act on it. While the
// chart has the focus of the keyboard, arrows go from bar to bar, and each is read aloud.

import { Painted, place } from "../chart/painted";
import { type Bar, State } from "../data/bar";
import type { Feature, Stage } from "../desk/stage";
import { short } from "../format";
import { h } from "../ui/dom";

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
/** How sure a bar is, in words. */
export const STATES: Readonly<Record<State, string>> = {
  [State.Incomplete]: "incomplete",
  [State.Forming]: "still forming",
  [State.Closed]: "closed",
  [State.Complete]: "complete",
};

export class Selection implements Feature {
  private bar: Bar | undefined;
  private readonly band = new Painted("bottom", (context, { height }) => this.paint(context, height));
  private readonly spoken = h("span", { class: "unseen", role: "status" });
  /** Whether the keyboard led to the chart. A click focuses it, too, but then arrows move the view. */
  private hasKeys = false;
  private readonly take = (event: KeyboardEvent) => this.key(event);

  constructor(private readonly stage: Stage) {
    stage.chart.attach(this.band);
    stage.slots.overlay.append(this.spoken);
    stage.selected.on((bar) => {
      this.bar = bar;
      this.band.refresh();
    });
    stage.painted.on(() => this.band.refresh());
    stage.canvas.addEventListener("focus", () => (this.hasKeys = stage.canvas.matches(":focus-visible")));
    stage.canvas.addEventListener("blur", () => (this.hasKeys = false));
    stage.desk.keys.takers.add(this.take);
    stage.bind("Alt+W", "Where the selected bar comes from", () => stage.inspect(this.bar ?? stage.bars.at(-1)));
  }

  dispose(): void {
    this.stage.desk.keys.takers.delete(this.take);
  }

  private key({ key, altKey, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean {
    const { bars, desk } = this.stage;
    if (altKey || ctrlKey || metaKey || shiftKey || bars.length === 0 || !this.hasKeys) return false;
    if (key === "Enter") this.stage.inspect(this.bar);
    else if (key === "Escape" && this.bar && !desk.panel.isOpen) this.stage.select(null);
    else if (STEPS[key] !== undefined) this.step(STEPS[key]);
    else return false;
    return true;
  }

  private step(by: number): void {
    const { bars, chart } = this.stage;
    const from = this.bar ? chart.table.indexAt(this.bar.time) : bars.length - (by < 0 ? 0 : 1);
    const index = Math.min(bars.length - 1, Math.max(0, from + by));
    this.stage.select(bars[index]!.time);
    const { from: first, to: last } = chart.view.range() ?? { from: 0, to: 0 };
    if (index < first || index > last) chart.view.centre(index);
    this.spoken.textContent = this.words(bars[index]!);
  }

  private words({ time, open, high, low, close, volume, trades, state }: Bar): string {
    const { chart } = this.stage;
    const [o, h, l, c] = [open, high, low, close].map((price) => chart.priceText(price));
    return `${chart.instantText(time)}: open ${o}, high ${h}, low ${l}, close ${c}, volume ${short(volume)}, ${trades} trades, ${STATES[state]}`;
  }

  private paint(context: CanvasRenderingContext2D, height: number): void {
    const { chart, desk } = this.stage;
    const index = this.bar ? chart.table.indexAt(this.bar.time) : -1;
    if (index < 0 || chart.bars[index]?.time !== this.bar?.time) return;
    const left = place(chart.view, index - 0.5);
    context.globalAlpha = 0.16;
    context.fillStyle = desk.palette.muted;
    context.fillRect(left, 0, Math.max(3, place(chart.view, index + 0.5) - left), height);
  }
}
