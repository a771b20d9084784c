// The legend over the chart: the numbers of the bar under the crosshair, or of the newest one.

import { isRising } from "../chart/looks";
import { type Bar, State } from "../data/bar";
import type { SeriesKey } from "../data/config";
import { fixed, short, signed } from "../format";
import { h, iconButton, ICONS, setText } from "./dom";

const STATES: Record<State, [text: string, title: string]> = {
  [State.Incomplete]: ["incomplete", "Trades before this bar's newest are missing and asked for; the price is right, the sums are not"],
  [State.Forming]: ["forming", "This bar is not over"],
  [State.Closed]: ["closed", "This bar is over, but it is not proven that no trade is missing"],
  [State.Complete]: ["complete", "Every trade of this bar is here: its trade ids have no gap and adjoin those of its neighbours"],
};

export class Legend {
  readonly element: HTMLElement;
  /** The line of the series' name and of the bar's state. */
  readonly title: HTMLElement;
  /** Rows of what is drawn over the bars. */
  readonly rows = h("div", { class: "rows" });
  /** Called when the reader folds it, or unfolds it. */
  onFold: (isFolded: boolean) => void = () => {};
  private readonly fold: HTMLButtonElement;
  private readonly name = h("b");
  private readonly state = h("span", { class: "state" });
  private readonly values: Record<string, HTMLElement> = {};
  private readonly numbers: HTMLElement;

  constructor() {
    const value = (key: string, label: string) => {
      this.values[key] = h("span", { class: "value" });
      return h("span", { class: "pair" }, h("i", {}, label), this.values[key]);
    };
    this.numbers = h(
      "div",
      { class: "numbers" },
      value("open", "O"),
      value("high", "H"),
      value("low", "L"),
      value("close", "C"),
      value("change", ""),
      value("volume", "Vol"),
      value("trades", "Trades"),
    );
    this.fold = iconButton("Legend", ICONS.fold, () => this.setFolded(!this.rows.hidden), "tiny");
    this.title = h("div", { class: "name" }, this.fold, this.name, this.state);
    this.element = h("div", { class: "legend" }, this.title, this.numbers, this.rows);
  }

  /** Show the series' name and the bar's numbers alone, or what is drawn over the bars too. */
  setFolded(isFolded: boolean): void {
    this.rows.hidden = isFolded;
    this.fold.setAttribute("aria-expanded", String(!isFolded));
    this.onFold(isFolded);
  }

  setSeries({ symbol, timeframe }: SeriesKey): void {
    setText(this.name, `${symbol} · ${timeframe}`);
    this.numbers.hidden = true;
    this.state.hidden = true;
  }

  show(bar: Bar, before: Bar | undefined, decimals: number): void {
    const base = before?.close ?? bar.open;
    const change = bar.close - base;
    const texts: Record<string, string> = {
      open: fixed(bar.open, decimals),
      high: fixed(bar.high, decimals),
      low: fixed(bar.low, decimals),
      close: fixed(bar.close, decimals),
      change: `${signed(change, decimals)} (${signed((100 * change) / base, 2)}%)`,
      volume: short(bar.volume),
      trades: fixed(bar.trades, 0),
    };
    for (const [key, text] of Object.entries(texts)) setText(this.values[key]!, text);
    const [text, title] = STATES[bar.state];
    setText(this.state, text);
    this.state.title = title;
    this.state.dataset.state = text;
    this.numbers.dataset.move = isRising(bar) ? "up" : "down";
    this.numbers.hidden = false;
    this.state.hidden = false;
  }
}
