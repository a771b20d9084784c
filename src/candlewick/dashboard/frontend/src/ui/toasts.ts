// Short messages that disappear by themselves. They are kept for a while, to be read again.

import { h } from "./dom";

export type Level = "info" | "good" | "warn" | "bad";

const LASTS = 6_000;
const MOST = 4;
const KEPT = 50;

export interface Message {
  readonly text: string;
  readonly level: Level;
  /** In ms since the epoch. */
  readonly at: number;
}

export class Toasts {
  /** The newest messages, the newest first. */
  readonly log: Message[] = [];
  readonly element = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

  /** Show a message for some seconds, or until it is pressed. */
  show(text: string, level: Level = "info"): void {
    const onclick = () => toast.remove();
    const toast = h("button", { type: "button", class: "toast", "data-level": level, onclick }, text);
    this.log.unshift({ text, level, at: Date.now() });
    this.log.length = Math.min(this.log.length, KEPT);
    this.element.append(toast);
    while (this.element.childElementCount > MOST) this.element.firstElementChild?.remove();
    window.setTimeout(() => toast.remove(), LASTS);
  }
}
