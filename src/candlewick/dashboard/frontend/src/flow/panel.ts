// The panel "Flow": the bar under the crosshair, its levels, delta, VWAP and largest trades, and whether it is proved.

import { numberOf } from "../data/amount";
import { secondsOf } from "../data/timeframes";
import type { Trade } from "../data/trade";
import type { Stage } from "../desk/stage";
import { fixed, short } from "../format";
import { h } from "../ui/dom";
import { fetchFootprints, fetchTape } from "./answers";
import type { FlowBar } from "./book";
import { merged, stepAtLeast } from "./cells";
import { type Column, made } from "./columns";
import { timeText } from "./sales";
import type { FlowSource } from "./source";
import { amountText, decimalsFor, signedText, WORDS } from "./words";

/** The crosshair rests for this long, in ms, before more is asked for. */
const REST = 350;
const LEVELS = 24;
const LARGEST = 5;
const TIMES = 10;

export class FlowPanel {
  readonly element = h("div", { class: "flow" });

  private readonly summary = h("div");
  private readonly why = h("ul", { class: "flow-why" });
  private readonly largest = h("tbody");
  private readonly levels = h("tbody");
  private time: number | null = null;
  private rest = 0;
  private aborter = new AbortController();
  private frame = 0;
  private readonly endings: (() => void)[];

  constructor(
    private readonly stage: Stage,
    private readonly source: FlowSource,
  ) {
    const heads = (...names: string[]) => h("thead", {}, h("tr", {}, ...names.map((name) => h("th", { scope: "col" }, name))));
    this.element.append(
      this.summary,
      this.why,
      h("h3", {}, "Largest trades"),
      h("table", { "aria-label": "Largest trades" }, heads("Time", "Price", "Size"), this.largest),
      h("h3", {}, "Levels"),
      h("table", { "aria-label": "Levels" }, heads("Price", "Sold", "Bought", "Delta"), this.levels),
    );
    this.endings = [
      stage.crosshair.on((time) => this.point(time ?? stage.bars.at(-1)?.time ?? null)),
      source.changed.on(() => this.soon()),
    ];
    this.point(stage.bars.at(-1)?.time ?? null);
  }

  dispose(): void {
    this.endings.forEach((end) => end());
    window.clearTimeout(this.rest);
    cancelAnimationFrame(this.frame);
    this.aborter.abort();
  }

  private point(time: number | null): void {
    if (time === this.time) return;
    this.time = time;
    this.aborter.abort();
    this.why.replaceChildren();
    this.largest.replaceChildren();
    this.soon();
    window.clearTimeout(this.rest);
    this.rest = window.setTimeout(() => void this.ask(), REST);
  }

  private soon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.show();
    });
  }

  private show(): void {
    const flow = this.time === null ? undefined : this.source.at(this.time);
    if (!flow) {
      this.summary.replaceChildren(h("p", { class: "soft" }, "There are no trades of this bar here"));
      this.levels.replaceChildren();
      return;
    }
    const column = this.column(flow);
    this.summary.replaceChildren(...this.summaryOf(flow, column));
    const decimals = decimalsFor(column.most);
    const rows = column.levels.map((level, at) => {
      const delta = level.bought - level.sold;
      const isPoint = column.reading.area?.point === at;
      return h(
        "tr",
        { "data-poc": isPoint },
        h("td", {}, this.stage.chart.priceText(column.prices[at]!)),
        h("td", {}, amountText(level.sold, decimals)),
        h("td", {}, amountText(level.bought, decimals)),
        h("td", { "data-side": delta < 0n ? "sell" : "buy" }, signedText(delta, decimals)),
      );
    });
    this.levels.replaceChildren(...rows.reverse());
  }

  /** Few enough levels to be read as a table. */
  private column({ cells }: FlowBar): Column {
    const prices = [...cells.levels.keys()];
    const lowest = prices.reduce((low, price) => (price < low ? price : low), prices[0] ?? 0n);
    const highest = prices.reduce((high, price) => (price > high ? price : high), prices[0] ?? 0n);
    const step = stepAtLeast((highest - lowest) / BigInt(LEVELS) + 1n);
    const used = step > cells.step ? step : cells.step;
    return made(merged(cells.levels.values(), used), used);
  }

  private summaryOf({ cells, standing, time }: FlowBar, column: Column): HTMLElement[] {
    const sums = { base: 0n, quote: 0n, trades: 0 };
    for (const level of cells.levels.values()) {
      sums.base += level.bought + level.sold;
      sums.quote += level.boughtQuote + level.soldQuote;
      sums.trades += level.buys + level.sells;
    }
    const { chart } = this.stage;
    const word = WORDS[standing];
    const verdict = h(
      "div", { class: "flow-verdict", "data-standing": standing },
      h("b", {}, `${word.mark} ${word.text}`.trim()), h("span", {}, word.title),
    );
    const decimals = Math.max(2, decimalsFor(column.most));
    const fact = (name: string, value: string) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
    const vwap = sums.base > 0n ? chart.priceText(numberOf(sums.quote) / numberOf(sums.base)) : "–";
    const facts = h(
      "dl", {},
      fact("Delta", signedText(cells.delta, decimals)),
      fact("Lowest, highest", `${signedText(cells.minDelta ?? 0n, decimals)}, ${signedText(cells.maxDelta ?? 0n, decimals)}`),
      fact("Volume", amountText(sums.base, decimals)),
      fact("Quote volume", short(numberOf(sums.quote))),
      fact("VWAP", vwap),
      fact("Trades", fixed(sums.trades, 0)),
      fact("Ids", cells.firstId === null ? "–" : `${cells.firstId} … ${cells.lastId}`),
    );
    return [h("p", { class: "soft" }, chart.instantText(time)), verdict, facts];
  }

  /** Ask why the bar is not proved, and for its largest trades. */
  private async ask(): Promise<void> {
    const { config, series } = this.stage;
    const flow = this.time === null ? undefined : this.source.at(this.time);
    if (!flow || flow.cells.lastId === null) return;
    const { signal } = (this.aborter = new AbortController());
    try {
      const span = { since: flow.time, before: flow.time + 1 };
      const told = flow.standing === "proved" ? null : await fetchFootprints(config.base, series, span, "1000000", signal);
      const page = await fetchTape(config.base, series.symbol, { before: flow.cells.lastId + 1n, limit: 1_000, least: this.least(flow) }, signal);
      if (signal.aborted) return;
      this.why.replaceChildren(...(told?.why ?? []).map((line) => h("li", {}, line)));
      const first = flow.cells.firstId ?? 0n;
      const opened = flow.time * 1e6;
      const within = (page?.trades ?? []).filter(({ id, time }) => id >= first && time >= opened && time < opened + secondsOf(series.timeframe) * 1e6);
      const largest = within.sort((a, b) => (a.quantity > b.quantity ? -1 : 1)).slice(0, LARGEST);
      this.largest.replaceChildren(...largest.map((trade) => this.print(trade)));
    } catch (error) {
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
    }
  }

  private least({ cells }: FlowBar): number {
    let [base, trades] = [0n, 0];
    for (const level of cells.levels.values()) [base, trades] = [base + level.bought + level.sold, trades + level.buys + level.sells];
    return trades > 500 ? (TIMES * numberOf(base)) / trades : 0;
  }

  private print({ isSell, price, quantity, time }: Trade): HTMLElement {
    const { chart, desk } = this.stage;
    const side = isSell ? "sell" : "buy";
    return h(
      "tr",
      {},
      h("td", {}, timeText(time, (seconds) => desk.clock.wall(seconds))),
      h("td", { "data-side": side }, chart.priceText(numberOf(price))),
      h("td", {}, amountText(quantity, 3)),
    );
  }
}
