// Time & sales in the panel: live, filtered by size, back to any id; a row leads to where its trade came from.

import { numberOf } from "../data/amount";
import type { Trade } from "../data/trade";
import type { Stage } from "../desk/stage";
import { fixed } from "../format";
import { h, setText } from "../ui/dom";
import { fetchTape, type TapePage } from "./answers";
import type { FlowSource } from "./source";

const PAGE = 200;
/** So many rows are on the page; those farthest from the reader go. */
const MOST = 1_000;
/** While the reader is at the newest trade there are no more rows than the screen holds, of so many px, and some. */
const ROW = 24;
const SPARE = 12;
/** The reader is at the newest trade while no more than this is scrolled away, in px. */
const AT_TOP = 4;
/** Trades that are not here yet are asked for again after so many ms. */
const AGAIN = 2_000;
/** Fetch more when so little is left below, in px. */
const NEAR = 400;

export class Sales {
  readonly element: HTMLElement;

  private readonly rows = h("tbody");
  private readonly newer = h("button", { type: "button", class: "sales-newer", hidden: true, onclick: () => this.toTop() });
  private readonly note = h("p", { class: "soft", role: "status" });
  private readonly list: HTMLElement;
  private readonly least = h("input", {
    type: "number", min: "0", step: "any", placeholder: "0", "aria-label": "Smallest size shown", onchange: () => void this.reload(),
  });
  private readonly id = h("input", {
    type: "text", inputmode: "numeric", placeholder: "newest", "aria-label": "Go to trade id", onchange: () => void this.reload(),
  });
  private next: bigint | null = null;
  private newest: bigint | null = null;
  private waiting: Trade[] = [];
  private isFetching = false;
  /** Known from scrolling: to ask the list would lay the page out. */
  private isAtTop = true;
  private aborter = new AbortController();
  private frame = 0;
  private timer = 0;
  private readonly forget: () => void;

  constructor(
    private readonly stage: Stage,
    source: FlowSource,
  ) {
    const head = h("tr", {}, ...["Time", "Price", "Size", "Id"].map((name) => h("th", { scope: "col" }, name)));
    this.rows.addEventListener("click", ({ target }) => this.pressed(target as HTMLElement));
    const table = h("table", { class: "sales", "aria-label": "Time and sales" }, h("thead", {}, head), this.rows);
    this.list = h("div", { class: "sales-list", tabindex: "0", role: "region", "aria-label": "Trades", onscroll: () => this.scrolled() }, table);
    const tools = h("div", { class: "sales-tools" }, h("label", {}, "Size ≥ ", this.least), h("label", {}, "From id ", this.id));
    this.element = h("div", { class: "sales-body" }, tools, this.note, this.newer, this.list);
    this.forget = source.printed.on((trades) => this.take(trades));
    void this.reload();
  }

  dispose(): void {
    this.forget();
    this.aborter.abort();
    window.clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }

  private get leastSize(): number {
    return Math.max(0, Number(this.least.value) || 0);
  }

  /** The id that the reader went to; null where the newest trades are shown. */
  private get from(): bigint | null {
    return /^\d{1,18}$/.test(this.id.value.trim()) ? BigInt(this.id.value.trim()) : null;
  }

  private toTop(): void {
    this.scrollToTop();
    if (this.from !== null) {
      this.id.value = "";
      void this.reload();
    }
    this.put();
  }

  private async reload(): Promise<void> {
    this.rows.replaceChildren();
    await this.ask();
  }

  /** Fetch the first page; what is shown stays until it is here. */
  private async ask(): Promise<void> {
    this.aborter.abort();
    this.aborter = new AbortController();
    window.clearTimeout(this.timer);
    this.isFetching = false;
    this.waiting = [];
    this.newest = null;
    this.next = this.from === null ? null : this.from + 1n;
    this.scrollToTop();
    await this.older();
  }

  private scrollToTop(): void {
    this.list.scrollTop = 0;
    this.isAtTop = true;
  }

  /** Fetch the page below. */
  private async older(): Promise<void> {
    if (this.isFetching) return;
    this.isFetching = true;
    const { config, series } = this.stage;
    const { signal } = this.aborter;
    try {
      const before = this.next === null ? {} : { before: this.next };
      const page = await fetchTape(config.base, series.symbol, { ...before, limit: PAGE, least: this.leastSize }, signal);
      if (signal.aborted) return;
      if (page) this.append(page);
      else this.askAgain("The warehouse is busy; asking again");
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TypeError)) throw error;
      this.askAgain("The dashboard does not answer; asking again");
    } finally {
      if (!signal.aborted) this.isFetching = false;
    }
  }

  private append(page: TapePage): void {
    const isFirst = this.newest === null;
    if (isFirst) {
      this.newest = page.trades[0]?.id ?? -1n;
      this.rows.replaceChildren();
    }
    this.next = page.next;
    this.rows.append(...page.trades.map((trade) => this.row(trade)));
    const said = page.missing.map(({ first, last, state }) => `ids ${first} to ${last}: ${state === "open" ? "missing" : state}`);
    if (this.rows.childElementCount === 0) said.push("No trades of this size here");
    setText(this.note, said.join(" · "));
    const { from, newest } = this;
    if (page.missing.some(({ state }) => state === "on its way")) this.askAgain();
    else if (isFirst && from !== null && newest! < from && this.leastSize === 0 && !page.missing.some(({ last }) => BigInt(last) >= from))
      this.askAgain(`The tape has not come to id ${from} yet`);
  }

  /** Ask for the first page again in a while, if the reader is still there. */
  private askAgain(why?: string): void {
    if (why) setText(this.note, why);
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.isAtTop && void this.ask(), AGAIN);
  }

  private take(trades: readonly Trade[]): void {
    if (this.from !== null) return;
    const { newest } = this;
    const least = this.leastSize;
    this.waiting.push(...trades.filter(({ id, quantity }) => (newest === null || id > newest) && numberOf(quantity) >= least));
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.put();
    });
  }

  /** Put what came on top, while the reader is there; else only count it. */
  private put(): void {
    const { isAtTop } = this;
    this.newer.hidden = (isAtTop || this.waiting.length === 0) && this.from === null;
    setText(this.newer, this.from === null ? `${this.waiting.length} newer` : "To the newest");
    if (!isAtTop || this.newest === null) return;
    // What comes is laid out beside all that is there, many times a second.
    const most = Math.ceil(window.innerHeight / ROW) + SPARE;
    const { newest } = this;
    const fresh = this.waiting.filter(({ id }) => id > newest).slice(-most);
    this.waiting = [];
    if (fresh.length === 0) return;
    this.newest = fresh.at(-1)!.id;
    this.rows.prepend(...fresh.reverse().map((trade) => this.row(trade)));
    while (this.rows.childElementCount > most) this.rows.lastElementChild!.remove();
    const last = this.rows.lastElementChild as HTMLElement | null;
    if (last?.dataset["id"]) this.next = BigInt(last.dataset["id"]);
  }

  private scrolled(): void {
    const { clientHeight, scrollHeight, scrollTop } = this.list;
    this.isAtTop = scrollTop <= AT_TOP;
    this.put();
    if (scrollHeight - scrollTop - clientHeight < NEAR && this.next !== null && this.rows.childElementCount < MOST) void this.older();
  }

  private row(trade: Trade): HTMLElement {
    const { chart, desk } = this.stage;
    const { row, time, words, price, size, link } = copied();
    const quantity = numberOf(trade.quantity);
    row.dataset["side"] = trade.isSell ? "sell" : "buy";
    row.dataset["id"] = link.data = String(trade.id);
    row.dataset["time"] = String(trade.time);
    time.data = timeText(trade.time, (seconds) => desk.clock.wall(seconds));
    words.data = trade.isSell ? "sold at " : "bought at ";
    price.data = chart.priceText(numberOf(trade.price));
    size.data = fixed(quantity, quantity < 1_000 ? 5 : 2);
    return row;
  }

  private pressed(target: HTMLElement): void {
    const row = target.closest("button") && target.closest("tr");
    if (row) void this.inspect(Number(row.dataset["time"]));
  }

  private async inspect(time: number): Promise<void> {
    const { stage } = this;
    await stage.goTo(time / 1e6);
    stage.inspect(stage.bars[stage.chart.table.indexAt(time / 1e6 + 1e-6) - 1]);
  }
}

/** A row to be copied: hundreds a second come, and a copy is made quicker than its parts. */
const MODEL = h(
  "tr",
  {},
  h("td", {}, " "),
  h("td", { class: "sales-price" }, h("span", { class: "unseen" }, " "), " "),
  h("td", {}, " "),
  h("td", {}, h("button", { type: "button", class: "sales-id", title: "Where this trade came from" }, " ")),
);

/** A copy of the model, and its texts. */
function copied() {
  const row = MODEL.cloneNode(true) as HTMLElement;
  const [first, second, third, fourth] = row.children;
  const text = (parent: Element | null | undefined) => parent!.firstChild as Text;
  const price = second!.lastChild as Text;
  return { row, time: text(first), words: text(second!.firstElementChild), price, size: text(third), link: text(fourth!.firstElementChild) };
}

/** The wall clock of an instant in µs, to the millisecond. */
export function timeText(micros: number, wall: (seconds: number) => number): string {
  const seconds = ((wall(micros / 1e6) % 86_400) + 86_400) % 86_400;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const milliseconds = String(Math.floor(micros / 1e3) % 1_000).padStart(3, "0");
  return `${two(seconds / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}.${milliseconds}`;
}
