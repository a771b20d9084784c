// Something painted on the pane of the bars that can be dragged: the line of an alert, the edge of a range. While it is held the
// chart does not pan, and the press is no click of the chart's.

import type { PriceChart } from "./chart";

/** How near a pointer must be, in px: a finger is broader than a cursor. */
const REACH = { mouse: 5, touch: 16 };
/** A press that moves no further is none. */
const DRAG = 3;

export interface Gripped<Handle> {
  /** What is within reach of a place of the pane, in px from its left and top. */
  under(x: number, y: number, reach: number): Handle | undefined;
  moved(handle: Handle, x: number, y: number): void;
  /** It was let go after it had moved, or, if not, the drag was given up. */
  dropped(handle: Handle, isDone: boolean): void;
}

export class Grip<Handle> {
  /** Whether the newest press was on a handle. */
  readonly tookPress = () => this.took;
  private took = false;
  private held: { readonly handle: Handle; readonly x: number; readonly y: number; hasMoved: boolean } | null = null;
  private readonly listeners = new AbortController();

  /** `cursor` is an attribute that the chart's element has while a mouse is over a handle. */
  constructor(
    private readonly chart: PriceChart,
    private readonly cursor: string,
    private readonly gripped: Gripped<Handle>,
  ) {
    const { signal } = this.listeners;
    const element = chart.api.chartElement();
    element.addEventListener("pointerdown", (event) => this.down(event), { signal, capture: true });
    element.addEventListener("pointermove", (event) => this.hover(event), { signal });
    element.addEventListener("touchmove", (event) => this.held && event.cancelable && event.preventDefault(), { signal, passive: false });
    document.addEventListener("pointermove", (event) => this.move(event), { signal });
    document.addEventListener("pointerup", () => this.drop(true), { signal });
    document.addEventListener("pointercancel", () => this.drop(false), { signal });
  }

  dispose(): void {
    this.listeners.abort();
  }

  private down(event: PointerEvent): void {
    this.took = false;
    if (event.button !== 0 || !event.isPrimary) return;
    const handle = this.under(event);
    if (handle === undefined) return;
    this.took = true;
    this.held = { handle, x: event.clientX, y: event.clientY, hasMoved: false };
    this.chart.api.applyOptions({ handleScroll: false });
  }

  private move(event: PointerEvent): void {
    const { held } = this;
    const pane = this.pane?.getBoundingClientRect();
    if (!held || !pane || !event.isPrimary) return;
    held.hasMoved ||= Math.abs(event.clientX - held.x) + Math.abs(event.clientY - held.y) > DRAG;
    if (held.hasMoved) this.gripped.moved(held.handle, event.clientX - pane.left, event.clientY - pane.top);
  }

  private drop(isDone: boolean): void {
    const { held } = this;
    if (!held) return;
    this.held = null;
    this.chart.api.applyOptions({ handleScroll: true });
    this.gripped.dropped(held.handle, isDone && held.hasMoved);
  }

  private hover(event: PointerEvent): void {
    if (this.held || event.pointerType !== "mouse") return;
    this.chart.api.chartElement().toggleAttribute(this.cursor, this.under(event) !== undefined);
  }

  private under(event: PointerEvent): Handle | undefined {
    const { pane } = this;
    if (!pane?.contains(event.composedPath()[0] as Node)) return undefined;
    const { left, top } = pane.getBoundingClientRect();
    const reach = event.pointerType === "touch" ? REACH.touch : REACH.mouse;
    return this.gripped.under(event.clientX - left, event.clientY - top, reach);
  }

  /** The pane of the bars, between its price axes. */
  private get pane(): Element | undefined {
    return this.chart.series.getPane().getHTMLElement()?.children[1];
  }
}
