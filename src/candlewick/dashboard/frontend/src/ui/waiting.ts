// What is shown until there are candles.

import logo from "../style/candlewick.svg";
import { h, setText } from "./dom";

export class Waiting {
  readonly element: HTMLElement;
  private readonly words = h("div", { role: "status" });

  constructor() {
    const flame = h("div");
    flame.innerHTML = logo;
    this.element = h("div", { class: "waiting", hidden: true }, flame, this.words);
  }

  /** Say what the chart is waiting for: `history` is the share of it that is recorded, 0..1, `problem` what is amiss. */
  show(isWaiting: boolean, isConnected: boolean, history: number | null, problem: string | null): void {
    this.element.hidden = !isWaiting;
    const words = problem ?? "waiting for the first candles";
    const progress = history !== null && history > 0 && history < 1 ? ` · history ${Math.floor(100 * history)} %` : "";
    setText(this.words, isConnected ? `${words}${progress}` : "connecting …");
  }
}
