// Dragging the line of an alert to another price. While one is held the chart does not pan.

import type { Stage } from "../desk/stage";
import { type Alert, plain } from "./book";

/** How near a pointer must be to a line, in px: a finger is broader than a cursor. */
const REACH = { mouse: 5, touch: 16 };
/** A press that moves no further is none. */
const DRAG = 3;

export interface DragActions {
  moved(): void;
  /** The line was let go at another price, as the axis writes it. */
  dropped(id: string, level: string): void;
}

interface Held {
  readonly id: string;
  readonly from: number;
  price: number;
  hasMoved: boolean;
}

export class LineDrag {
  /** The line that is held, and the price at which it is. */
  held: Held | null = null;
  private readonly listeners = new AbortController();
  private tookPress = false;
  private readonly took = () => this.tookPress;

  constructor(
    private readonly stage: Stage,
    private readonly alerts: () => readonly Alert[],
    private readonly actions: DragActions,
  ) {
    const { signal } = this.listeners;
    const element = stage.chart.api.chartElement();
    element.addEventListener("pointerdown", (event) => this.down(event), { signal, capture: true });
    element.addEventListener("pointermove", (event) => this.hover(event), { signal });
    element.addEventListener("touchmove", (event) => this.held && event.cancelable && event.preventDefault(), { signal, passive: false });
    document.addEventListener("pointermove", (event) => this.move(event), { signal });
    document.addEventListener("pointerup", () => this.up(), { signal });
    document.addEventListener("pointercancel", () => this.drop(), { signal });
    stage.presses.add(this.took);
  }

  dispose(): void {
    this.listeners.abort();
    this.stage.presses.delete(this.took);
  }

  private down(event: PointerEvent): void {
    this.tookPress = false;
    if (event.button !== 0 || !event.isPrimary) return;
    const alert = this.under(event);
    if (!alert) return;
    this.tookPress = true;
    this.held = { id: alert.id, from: event.clientY, price: Number(alert.level), hasMoved: false };
    this.stage.chart.api.applyOptions({ handleScroll: false });
  }

  private move(event: PointerEvent): void {
    const { held } = this;
    if (!held || !event.isPrimary) return;
    held.hasMoved ||= Math.abs(event.clientY - held.from) > DRAG;
    const price = this.stage.chart.series.coordinateToPrice(this.height(event));
    if (held.hasMoved && price !== null && price > 0) held.price = Number(price.toFixed(this.stage.chart.decimals));
    this.actions.moved();
  }

  private up(): void {
    const { held } = this;
    if (held?.hasMoved) this.actions.dropped(held.id, plain(held.price));
    this.drop();
  }

  private drop(): void {
    if (!this.held) return;
    this.held = null;
    this.stage.chart.api.applyOptions({ handleScroll: true });
    this.actions.moved();
  }

  private hover(event: PointerEvent): void {
    const { canvas } = this.stage;
    if (this.held || event.pointerType !== "mouse") return;
    canvas.toggleAttribute("data-over-alert", this.under(event) !== undefined);
  }

  /** The line under a pointer on the pane of the bars. */
  private under(event: PointerEvent): Alert | undefined {
    const pane = this.stage.chart.series.getPane().getHTMLElement()?.children[1];
    if (!pane?.contains(event.composedPath()[0] as Node)) return undefined;
    const reach = event.pointerType === "touch" ? REACH.touch : REACH.mouse;
    const y = this.height(event);
    const far = ({ level }: Alert) => Math.abs((this.stage.chart.series.priceToCoordinate(Number(level)) ?? Infinity) - y);
    return this.alerts().filter((alert) => far(alert) <= reach).sort((a, b) => far(a) - far(b))[0];
  }

  private height(event: PointerEvent): number {
    return event.clientY - this.stage.chart.api.chartElement().getBoundingClientRect().top;
  }
}
