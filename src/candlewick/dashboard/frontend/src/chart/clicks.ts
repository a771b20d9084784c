// Clicks, double clicks and taps on the panes. The library ignores a click on another bar within half a second of the last one, since
// it may be the second half of a double click; here each one counts.

import type { IChartApiBase, Time } from "lightweight-charts";
import { Signal } from "../signal";

/** A press that moves further than this is a drag, in px. */
const DRAG = 5;
/** A finger that rests this long, in ms, moves the crosshair: the library's rule. */
const LONG_TAP = 240;
/** A second click on the same place within this many ms makes a double click. */
const DOUBLE_CLICK = 500;

interface Press {
  readonly x: number;
  readonly y: number;
  /** In ms, on the clock of the page's events. */
  readonly at: number;
}

/** A place of the panes, in px from their left and from the top of the chart, and of the window. */
export interface Asked {
  readonly x: number;
  readonly y: number;
  readonly clientX: number;
  readonly clientY: number;
}

export class Clicks {
  /** Px from the left of the panes. A double click is a click first. */
  readonly clicked = new Signal<number>();
  readonly doubled = new Signal<number>();
  /** The context menu is asked for. */
  readonly asked = new Signal<Asked>();

  private press: Press | null = null;
  private last: Press | null = null;

  constructor(private readonly chart: IChartApiBase<Time>) {
    const element = chart.chartElement();
    element.addEventListener("pointerdown", (event) => this.down(event), { capture: true });
    element.addEventListener("pointerup", (event) => this.up(event));
    element.addEventListener("pointercancel", () => (this.press = null));
    element.addEventListener("contextmenu", (event) => this.ask(event));
  }

  private down(event: PointerEvent): void {
    // With a second finger it is a pinch.
    this.press = event.isPrimary && event.button === 0 ? pressOf(event) : null;
  }

  private up(event: PointerEvent): void {
    const { press, last } = this;
    const pane = this.paneUnder(event.composedPath()[0] as Node);
    this.press = null;
    if (!press || !pane || !event.isPrimary || isFar(press, event)) return;
    if (event.pointerType === "touch" && event.timeStamp - press.at > LONG_TAP) return;
    const isSecond = last !== null && event.timeStamp - last.at < DOUBLE_CLICK && !isFar(last, event);
    this.last = isSecond ? null : pressOf(event);
    const x = event.clientX - pane.getBoundingClientRect().left;
    if (isSecond) this.doubled.emit(x);
    else this.clicked.emit(x);
  }

  /** A mouse asks by its right button; a finger that rests moves the crosshair instead. */
  private ask(event: MouseEvent): void {
    const pane = this.paneUnder(event.composedPath()[0] as Node);
    if (!pane) return;
    event.preventDefault();
    if ((event as PointerEvent).pointerType === "touch") return;
    const { clientX, clientY } = event;
    const y = clientY - this.chart.chartElement().getBoundingClientRect().top;
    this.asked.emit({ x: clientX - pane.getBoundingClientRect().left, y, clientX, clientY });
  }

  /** The part of a pane between its price axes that holds a node. */
  private paneUnder(node: Node): Element | undefined {
    const cells = this.chart.panes().map((pane) => pane.getHTMLElement()?.children[1]);
    return cells.find((cell) => cell?.contains(node));
  }
}

function pressOf({ clientX: x, clientY: y, timeStamp: at }: PointerEvent): Press {
  return { x, y, at };
}

function isFar(press: Press, { clientX, clientY }: PointerEvent): boolean {
  return Math.abs(clientX - press.x) + Math.abs(clientY - press.y) > DRAG;
}
