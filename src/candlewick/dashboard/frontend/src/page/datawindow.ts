// The data window: every number of the bar under the crosshair, or of the selected one, or of the newest, in the panel.

import type { Bar } from "../data/bar";
import type { Feature, Stage } from "../desk/stage";
import { short, signed } from "../format";
import { h, ICONS, setText } from "../ui/dom";
import { STATES } from "./selection";

export class DataWindow implements Feature {
  private readonly list = h("dl", { class: "data-window" });
  private readonly values = new Map<string, HTMLElement>();
  private pointed: number | null = null;
  private selected: Bar | undefined;
  private isOpen = false;
  private readonly unbind: () => void;

  constructor(private readonly stage: Stage) {
    stage.bind("Alt+D", "Data window", () => this.toggle());
    this.unbind = stage.desk.keys.bind("Escape", "Close the panel", () => stage.desk.panel.close(), () => stage.isActive && this.isOpen);
    stage.actions.push(() => [{ title: "Data window", icon: ICONS.table, hint: "Alt+D", run: () => this.open() }]);
    stage.crosshair.on((time) => {
      this.pointed = time;
      this.tell();
    });
    stage.selected.on((bar) => {
      this.selected = bar;
      this.tell();
    });
    stage.drawn.on(() => this.tell());
    stage.desk.zoned.on(() => this.tell());
  }

  dispose(): void {
    this.unbind();
    if (this.isOpen) this.stage.desk.panel.close();
  }

  private toggle(): void {
    if (this.isOpen) this.stage.desk.panel.close();
    else this.open();
  }

  private open(): void {
    this.stage.desk.panel.open("Data window", this.list, () => (this.isOpen = false));
    this.isOpen = true;
    this.tell();
  }

  private tell(): void {
    if (!this.isOpen) return;
    const { bars, chart } = this.stage;
    const index = this.pointed === null ? -1 : chart.table.indexAt(this.pointed);
    const bar = bars[index]?.time === this.pointed ? bars[index] : (this.selected ?? bars.at(-1));
    if (!bar) return;
    const rows = [...this.numbers(bar), ...this.stage.readings.flatMap((read) => read(bar.time))];
    if (rows.length !== this.values.size || rows.some(([name]) => !this.values.has(name))) this.lay(rows.map(([name]) => name));
    for (const [name, value] of rows) setText(this.values.get(name)!, value);
  }

  private lay(names: readonly string[]): void {
    this.values.clear();
    for (const name of names) this.values.set(name, h("dd"));
    this.list.replaceChildren(...[...this.values].flatMap(([name, value]) => [h("dt", {}, name), value]));
  }

  private numbers({ time, open, high, low, close, volume, quoteVolume, bought, trades, state }: Bar): [string, string][] {
    const { chart, bars } = this.stage;
    const before = bars[chart.table.indexAt(time) - 1]?.close ?? open;
    const price = (value: number) => chart.priceText(value);
    return [
      ["Time", chart.instantText(time)],
      ["State", STATES[state]],
      ["Open", price(open)],
      ["High", price(high)],
      ["Low", price(low)],
      ["Close", price(close)],
      ["Change", `${signed(close - before, chart.decimals)} (${signed((100 * (close - before)) / before, 2)}%)`],
      ["Range", price(high - low)],
      ["Volume", short(volume)],
      ["Quote volume", short(quoteVolume)],
      ["Mean price", volume > 0 ? price(quoteVolume / volume) : "–"],
      ["Trades", trades.toLocaleString("en-US")],
      ["Takers bought", short(bought)],
      ["Takers sold", short(volume - bought)],
      ["Delta", (2 * bought - volume > 0 ? "+" : "") + short(2 * bought - volume)],
    ];
  }
}
