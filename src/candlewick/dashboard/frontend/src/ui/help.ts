// The help sheet: every key that works now.

import type { Keyboard } from "../state/keys";
import { h } from "./dom";

const WORDS: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
const OTHERS: [keys: string, title: string][] = [
  ["A … Z", "Search a symbol by typing"],
  ["1 … 9", "Choose a timeframe by typing"],
  ["Shift+drag", "Measure"],
  ["Delete", "Delete the selected drawing"],
];

export class Help {
  readonly element: HTMLDialogElement;
  private readonly list = h("dl", { class: "keys" });

  constructor(private readonly keys: Keyboard) {
    const close = () => this.element.close();
    const onclick = (event: MouseEvent) => event.target === this.element && close();
    this.element = h("dialog", { class: "help", "aria-label": "Keyboard", onclick }, h("h2", {}, "Keyboard"), this.list);
  }

  toggle(): void {
    if (this.element.open) return this.element.close();
    const rows = [...this.keys.list(), ...OTHERS];
    this.list.replaceChildren(...rows.flatMap(([keys, title]) => [h("dt", {}, ...caps(keys)), h("dd", {}, title)]));
    this.element.showModal();
  }
}

function caps(keys: string): Node[] {
  return keys.split(/\+(?=.)/).map((key) => h("kbd", {}, WORDS[key] ?? key));
}
