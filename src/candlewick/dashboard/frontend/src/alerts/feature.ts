// Alerts on one chart: a bell with its menu, lines at the prices, and a key that sets one at the crosshair.

import { Painted, type Size } from "../chart/painted";
import type { Feature, Stage } from "../desk/stage";
import { h, icon, ICONS } from "../ui/dom";
import type { Item } from "../ui/menu";
import { Popover } from "../ui/popover";
import { Watcher } from "./watcher";

export class Alerts implements Feature {
  private readonly stage: Stage;
  private readonly watcher: Watcher;
  private readonly popover: Popover;
  private readonly boxes: (() => void)[] = [];
  private readonly list = h("div", { class: "alerts-list" });
  private readonly price = h("input", { type: "number", step: "any", min: "0", "aria-label": "Price", autofocus: true });
  private readonly lines = new Painted("top", (context, size) => this.paint(context, size));
  private readonly button: HTMLButtonElement;
  private readonly stop: () => void;
  private pointedY: number | null = null;

  constructor(stage: Stage) {
    this.stage = stage;
    this.watcher = Watcher.join(stage.desk);
    this.popover = new Popover(stage.desk.root, "Alerts", this.form());
    this.popover.onOpen = () => this.fill();
    const title = "Alerts";
    this.button = h(
      "button",
      { type: "button", class: "icon", title, "aria-label": title, onclick: () => this.popover.toggle(this.button) },
      icon(ICONS.bell),
    );
    stage.slots.header.append(this.button);
    stage.chart.attach(this.lines);
    stage.chart.api.subscribeCrosshairMove(({ point }) => (this.pointedY = point?.y ?? null));
    stage.bind("Alt+A", "Alert at the crosshair's price", () => this.addAtCrosshair());
    stage.actions.push(({ price }) => (price === null ? [] : [this.itemAt(price)]));
    stage.opened.on(() => this.refresh());
    stage.painted.on(() => this.lines.refresh());
    this.stop = this.watcher.changed.on(() => this.refresh());
  }

  dispose(): void {
    this.popover.close();
    this.stop();
    this.watcher.leave();
  }

  private form(): HTMLElement {
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      this.add(Number(this.price.value));
    };
    return h(
      "form",
      { class: "form", onsubmit: submit },
      h("h2", {}, "Alerts"),
      h("div", { class: "field" }, this.price, h("button", { type: "submit", class: "plain" }, "Add")),
      this.list,
      this.check("Sound", "sound"),
      this.check("Messages about the pipeline: freshness, holes, mismatches", "pipeline"),
    );
  }

  private check(title: string, name: "sound" | "pipeline"): HTMLElement {
    const { book } = this.watcher;
    const box = h("input", { type: "checkbox", onchange: () => book.set({ [name]: box.checked }) });
    this.boxes.push(() => (box.checked = book.settings[name]));
    return h("label", { class: "field" }, h("span", {}, title), box);
  }

  private itemAt(price: number): Item {
    const title = `Alert at ${this.stage.chart.priceText(price)}`;
    return { title, icon: ICONS.bell, hint: "Alt+A", run: () => this.add(price) };
  }

  private fill(): void {
    this.price.value = String(this.stage.bars.at(-1)?.close ?? "");
    this.refresh();
  }

  private addAtCrosshair(): void {
    const price = this.pointedY === null ? null : this.stage.chart.series.coordinateToPrice(this.pointedY);
    this.add(price ?? this.stage.bars.at(-1)?.close ?? NaN);
  }

  /** Set an alert at a price as the axis writes it. */
  private add(price: number): void {
    const { chart, series, desk } = this.stage;
    const rounded = Number(price.toFixed(chart.decimals));
    if (!(rounded > 0)) return;
    this.watcher.add(series.symbol, rounded);
    desk.toasts.show(`Alert at ${chart.priceText(rounded)}`, "info");
  }

  private refresh(): void {
    const { chart, series } = this.stage;
    const { symbol } = series;
    const row = (price: number) =>
      h(
        "div",
        { class: "field" },
        h("b", {}, chart.priceText(price)),
        h(
          "button",
          { type: "button", class: "tiny", "aria-label": `Remove the alert at ${price}`, onclick: () => this.watcher.remove(symbol, price) },
          icon(ICONS.close, 14),
        ),
      );
    const prices = this.watcher.book.of(symbol);
    this.list.replaceChildren(...(prices.length ? prices.map(row) : [h("i", {}, `none for ${symbol}`)]));
    this.boxes.forEach((show) => show());
    this.lines.refresh();
  }

  private paint(context: CanvasRenderingContext2D, { width }: Size): void {
    const { chart, desk, series } = this.stage;
    context.strokeStyle = context.fillStyle = desk.palette.accent;
    context.setLineDash([2, 3]);
    context.font = "11px sans-serif";
    context.textAlign = "right";
    for (const price of this.watcher.book.of(series.symbol)) {
      const y = chart.series.priceToCoordinate(price);
      if (y === null) continue;
      context.beginPath();
      context.moveTo(0, Math.round(y) + 0.5);
      context.lineTo(width, Math.round(y) + 0.5);
      context.stroke();
      context.fillText(`alert ${chart.priceText(price)}`, width - 6, y - 4);
    }
  }
}
