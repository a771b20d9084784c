// The watchlist beside the charts: each symbol with its price, the change of 24 hours and a spark. A press shows it.

import { type Bar } from "../data/bar";
import type { Follower } from "../data/live";
import { fetchWatched, type Watched } from "../data/watch";
import type { Desk } from "../desk/desk";
import { decimalsOf, fixed, signed } from "../format";
import type { LayoutBook } from "../state/layouts";
import { keep, recall } from "../state/prefs";
import { h, iconButton, ICONS, setText } from "../ui/dom";
import { Watchlists } from "./watchlists";

const STORE = "watchlist";
const EVERY = 5_000;
/** So many symbols are followed live; a connection follows no more than two dozen series. */
const LIVE = 10;
const TIMEFRAME = "1m";
const [SPARK_WIDTH, SPARK_HEIGHT] = [64, 22];
const SORTS = { own: "In order", name: "By name", change: "By change" } as const;
type Sort = keyof typeof SORTS;

export class Watchlist {
  readonly element = h("aside", { class: "watchlist", hidden: true, "aria-label": "Watchlist" });
  private readonly list = h("div", { class: "watch-rows", role: "group", "aria-label": "Symbols" });
  /** In the order of the list that is shown. */
  private rows = new Map<string, Row>();
  private readonly sort: HTMLSelectElement;
  private readonly endings: (() => void)[] = [];
  private readonly lists: Watchlists;
  private aborter = new AbortController();
  private timer = 0;
  private current = "";

  constructor(
    private readonly desk: Desk,
    private readonly choose: (symbol: string) => void,
    private readonly toggled: (isOpen: boolean) => void,
    book: LayoutBook,
  ) {
    this.lists = new Watchlists(desk, book);
    this.lists.changed.on(() => this.isOpen && this.restart());
    const kept = recall(STORE);
    const options = Object.entries(SORTS).map(([value, title]) => h("option", { value, selected: value === kept["sort"] }, title));
    this.sort = h("select", { "aria-label": "Order", onchange: () => this.resort() }, ...options);
    const close = iconButton("Close the watchlist", ICONS.close, () => this.show(false));
    this.element.append(h("div", { class: "watch-head" }, this.lists.element, this.sort, close), this.list);
    if (kept["isOpen"] === true) this.show(true);
  }

  dispose(): void {
    this.stop();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  show(isOpen: boolean): void {
    this.element.hidden = !isOpen;
    keep(STORE, { ...recall(STORE), isOpen });
    this.stop();
    if (isOpen) {
      this.start();
      void this.lists.load();
    }
    this.toggled(isOpen);
  }

  /** Mark the symbol of the active chart. */
  mark(symbol: string): void {
    this.current = symbol;
    this.lists.mark(symbol);
    for (const [name, { element }] of this.rows) element.toggleAttribute("data-current", name === symbol);
  }

  private start(): void {
    this.aborter = new AbortController();
    const { symbols } = this.lists;
    for (const [symbol, { element }] of this.rows) if (!symbols.includes(symbol)) element.remove();
    const known = this.rows;
    this.rows = new Map(symbols.map((symbol) => [symbol, known.get(symbol) ?? new Row(symbol, () => this.choose(symbol))]));
    this.resort();
    for (const symbol of symbols.slice(0, LIVE)) {
      const follower: Follower = { take: ({ bars }) => this.rows.get(symbol)?.tick(bars.at(-1)), heed: () => {} };
      this.endings.push(this.desk.live.follow({ symbol, timeframe: TIMEFRAME }, follower));
    }
    this.timer = window.setInterval(() => void this.look(), EVERY);
    void this.look();
  }

  private restart(): void {
    this.stop();
    this.start();
  }

  private stop(): void {
    window.clearInterval(this.timer);
    this.aborter.abort();
    this.endings.splice(0).forEach((end) => end());
  }

  private async look(): Promise<void> {
    const { symbols } = this.lists;
    if (document.hidden || symbols.length === 0 || !this.desk.live.hasCandles) return;
    const told = await fetchWatched(this.desk.config.base, symbols, this.aborter.signal);
    for (const [symbol, watched] of told ?? []) this.rows.get(symbol)?.show(watched);
    if (told && this.sort.value === "change") this.resort();
  }

  private resort(): void {
    const sort = this.sort.value as Sort;
    keep(STORE, { ...recall(STORE), sort });
    const rows = [...this.rows.values()];
    if (sort === "name") rows.sort((a, b) => a.symbol.localeCompare(b.symbol));
    if (sort === "change") rows.sort((a, b) => b.change - a.change);
    // Rows that stand where they should are not moved, as one of them may have the focus.
    rows.forEach(({ element }, at) => this.list.children[at] !== element && this.list.insertBefore(element, this.list.children[at] ?? null));
    this.mark(this.current);
  }
}

class Row {
  readonly element: HTMLButtonElement;
  change = -Infinity;
  private readonly price = h("span", { class: "watch-price" });
  private readonly moved = h("span", { class: "watch-change" });
  private readonly line = svg("polyline", { fill: "none", stroke: "currentColor", "stroke-width": "1.4" });
  private watched: Watched | null = null;

  constructor(
    readonly symbol: string,
    choose: () => void,
  ) {
    const spark = svg("svg", { class: "spark", viewBox: `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`, "aria-hidden": "true" });
    spark.append(this.line);
    this.element = h("button", { type: "button", class: "watch-row", onclick: choose }, h("b", {}, symbol), spark as unknown as Node, this.price, this.moved);
  }

  show(watched: Watched): void {
    this.watched = watched;
    const { spark } = watched;
    const [low, high] = [Math.min(...spark), Math.max(...spark)];
    const y = (price: number) => (high > low ? 1 + ((high - price) / (high - low)) * (SPARK_HEIGHT - 2) : SPARK_HEIGHT / 2);
    const x = (at: number) => (spark.length > 1 ? (at / (spark.length - 1)) * SPARK_WIDTH : SPARK_WIDTH);
    this.line.setAttribute("points", spark.map((price, at) => `${x(at).toFixed(1)},${y(price).toFixed(1)}`).join(" "));
    this.tell(watched.last);
  }

  tick(bar: Bar | undefined): void {
    if (bar) this.tell(bar.close);
  }

  private tell(price: number): void {
    setText(this.price, fixed(price, decimalsOf([price, ...(this.watched?.spark ?? [])])));
    if (!this.watched) return;
    this.change = (100 * (price - this.watched.open)) / this.watched.open;
    setText(this.moved, `${signed(this.change, 2)}%`);
    this.element.dataset.move = this.change >= 0 ? "up" : "down";
  }
}

function svg(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
