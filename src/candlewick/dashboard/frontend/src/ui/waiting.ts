// What is shown until there are candles: how far the start is, step by step.

import type { Start, Status } from "../data/live";
import { fixed } from "../format";
import logo from "../style/candlewick.svg";
import { h, setText } from "./dom";

export class Waiting {
  readonly element: HTMLElement;
  private readonly words = h("div", { role: "status" });
  private readonly steps = h("ol", { hidden: true });
  private readonly told = new Map<string, [step: HTMLElement, value: HTMLElement]>();

  constructor() {
    const flame = h("div");
    flame.innerHTML = logo;
    for (const name of ["trades", "history", "candles"]) this.told.set(name, this.step(name));
    this.element = h("div", { class: "waiting", hidden: true }, flame, this.words, this.steps);
  }

  /** Say what the chart is waiting for, and how far that is, as the newest status tells. */
  show(isWaiting: boolean, isConnected: boolean, status: Status | null): void {
    this.element.hidden = !isWaiting;
    setText(this.words, isConnected ? (status?.problem ?? "waiting for the first candles") : "connecting …");
    const { start, history } = status ?? {};
    this.steps.hidden = !start || !isConnected;
    if (start) for (const [name, [value, isDone]] of Object.entries(progress(start, history ?? 0))) this.tell(name, value, isDone);
  }

  private step(name: string): [HTMLElement, HTMLElement] {
    const value = h("b");
    const step = h("li", {}, h("span", {}, name), value);
    this.steps.append(step);
    return [step, value];
  }

  private tell(name: string, text: string, isDone: boolean): void {
    const [step, value] = this.told.get(name)!;
    step.toggleAttribute("data-done", isDone);
    setText(value, text);
  }
}

/** Each step in words, and whether it is done; `history` is the share that is recorded, 0..1. Pure. */
export function progress({ trades, asked, objects, loaded }: Start, history: number): Record<string, [text: string, isDone: boolean]> {
  return {
    trades: [trades > 0 ? `${fixed(trades, 0)} recorded` : "none yet", trades > 0],
    history: [asked > 0 ? `${span(history * asked)} of ${span(asked)} fetched` : "not begun", asked > 0 && history >= 1],
    candles: [objects > 0 ? `${fixed(loaded, 0)} of ${fixed(Math.max(objects, loaded), 0)} objects read` : "no objects yet", false],
  };
}

function span(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60 === 0 ? "" : `${minutes % 60} min`}`.trim();
}
