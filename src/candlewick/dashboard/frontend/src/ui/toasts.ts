// Short messages that disappear by themselves.

import { h } from "./dom";

export type Level = "info" | "good" | "warn" | "bad";

const LASTS = 6_000;
const MOST = 4;

export class Toasts {
  readonly element = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

  /** Show a message for some seconds, or until it is pressed. */
  show(text: string, level: Level = "info"): void {
    const onclick = () => toast.remove();
    const toast = h("button", { type: "button", class: "toast", "data-level": level, onclick }, text);
    this.element.append(toast);
    while (this.element.childElementCount > MOST) this.element.firstElementChild?.remove();
    window.setTimeout(() => toast.remove(), LASTS);
  }
}
