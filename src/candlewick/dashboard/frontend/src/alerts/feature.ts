// Alerts on one chart: a bell with its menu, lines at the prices, and a key that sets one at the crosshair.

import { Painted, type Size } from "../chart/painted";
import type { Feature, Stage } from "../desk/stage";
import { h, icon, ICONS } from "../ui/dom";
import type { Item } from "../ui/menu";
import { LineDrag } from "./drag";
import { AlertsMenu } from "./menu";
import { Watcher } from "./watcher";

export class Alerts implements Feature {
  private readonly stage: Stage;
  private readonly watcher: Watcher;
  private readonly menu: AlertsMenu;
  private readonly lines = new Painted("top", (context, size) => this.paint(context, size));
  private readonly button: HTMLButtonElement;
  private readonly drag: LineDrag;
  private readonly stop: () => void;
  private pointedY: number | null = null;

  constructor(stage: Stage) {
    this.stage = stage;
    this.watcher = Watcher.join(stage.desk);
    this.menu = new AlertsMenu(stage, this.watcher);
    const title = "Alerts";
    this.button = h(
      "button",
      { type: "button", class: "icon", title, "aria-label": title, onclick: () => this.menu.toggle(this.button) },
      icon(ICONS.bell),
    );
    stage.slots.header.append(this.button);
    stage.chart.attach(this.lines);
    this.drag = new LineDrag(stage, () => this.watcher.book.of(stage.series.symbol).filter(({ is_armed }) => is_armed), {
      moved: () => this.lines.refresh(),
      dropped: (id, level) => void this.watcher.change(id, { level }),
    });
    stage.chart.api.subscribeCrosshairMove(({ point }) => (this.pointedY = point?.y ?? null));
    stage.bind("Alt+A", "Alert at the crosshair's price", () => this.addAtCrosshair());
    stage.actions.push(({ price }) => (price === null ? [] : [this.itemAt(price)]));
    stage.opened.on(() => this.refresh());
    stage.painted.on(() => this.lines.refresh());
    this.stop = this.watcher.changed.on(() => this.refresh());
  }

  dispose(): void {
    this.menu.close();
    this.stop();
    this.drag.dispose();
    this.watcher.leave();
  }

  private itemAt(price: number): Item {
    const title = `Alert at ${this.stage.chart.priceText(price)}`;
    return { title, icon: ICONS.bell, hint: "Alt+A", run: () => this.menu.add(price) };
  }

  private addAtCrosshair(): void {
    const price = this.pointedY === null ? null : this.stage.chart.series.coordinateToPrice(this.pointedY);
    this.menu.add(price ?? this.stage.bars.at(-1)?.close ?? NaN);
  }

  private refresh(): void {
    this.menu.refresh();
    this.lines.refresh();
  }

  private paint(context: CanvasRenderingContext2D, { width }: Size): void {
    const { chart, desk, series } = this.stage;
    context.strokeStyle = context.fillStyle = desk.palette.accent;
    context.setLineDash([2, 3]);
    context.font = "11px sans-serif";
    context.textAlign = "right";
    for (const { id, level, is_armed } of this.watcher.book.of(series.symbol)) {
      if (!is_armed) continue;
      const price = this.drag.held?.id === id ? this.drag.held.price : Number(level);
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
