// The timeframes: a bar with those that the reader wants at hand, and a pop-over with all of them and a field for others.

import { secondsOf, timeframeOf } from "../data/timeframes";
import { h, icon, iconButton, ICONS, markCurrent } from "./dom";
import { Popover } from "./popover";

/** Offered besides those with candles of their own: the exchange's other ones, and what traders ask for. */
const ROLLED_UP = ["3m", "10m", "30m", "45m", "2h", "6h", "8h", "12h", "3d", "1w"];
const GROUPS: readonly [unit: string, title: string][] = [["s", "Seconds"], ["m", "Minutes"], ["h", "Hours"], ["dw", "Days and weeks"]];

/** The bar in the header. A timeframe that is shown but not in the bar is added at its end. */
export class TimeframeBar {
  readonly element = h("nav", { class: "timeframes", "aria-label": "Timeframe" });
  private readonly more: HTMLButtonElement;
  private shown: readonly string[] = [];
  private current = "";

  constructor(
    private readonly open: (timeframe: string) => void,
    openMenu: (anchor: Element) => void,
  ) {
    this.more = iconButton("More timeframes", ICONS.fold, openMenu, "tiny");
  }

  show(timeframes: readonly string[]): void {
    this.shown = timeframes;
    this.draw();
  }

  mark(timeframe: string): void {
    if (timeframe === this.current) return;
    this.current = timeframe;
    this.draw();
  }

  private draw(): void {
    const all = this.shown.includes(this.current) || !this.current ? this.shown : [...this.shown, this.current];
    const button = (value: string) => h("button", { type: "button", value, onclick: () => this.open(value) }, value);
    const buttons = all.map(button);
    markCurrent(buttons, this.current);
    this.element.replaceChildren(...buttons, this.more);
  }
}

export interface TimeframeActions {
  current(): string;
  favourites(): readonly string[];
  choose(timeframe: string): void;
  /** Keep these in the bar, ascending. */
  keep(favourites: string[]): void;
}

export class TimeframeMenu extends Popover {
  private readonly list = h("div", { class: "timeframe-groups" });
  private readonly field = h("input", {
    type: "text",
    class: "search",
    placeholder: "45m, 2h, 3d, 1w …",
    "aria-label": "Another timeframe",
    autocomplete: "off",
    autofocus: true,
  });
  private readonly said = h("p", { class: "timeframe-said", role: "status" });

  /** `known` are those with candles of their own. */
  constructor(
    root: HTMLElement,
    private readonly known: readonly string[],
    private readonly actions: TimeframeActions,
  ) {
    const onsubmit = (event: Event) => {
      event.preventDefault();
      this.take();
    };
    const form = h("form", { class: "chooser", onsubmit });
    super(root, "Timeframes", form);
    form.append(this.field, this.said, this.list);
    this.onOpen = () => {
      this.field.value = "";
      this.said.textContent = "";
      this.draw();
    };
  }

  private take(): void {
    const timeframe = timeframeOf(this.field.value, this.known);
    if (timeframe) return this.choose(timeframe);
    this.said.textContent = "A number with m, h, d or w, at most 31 days";
  }

  private choose(timeframe: string): void {
    this.close();
    this.actions.choose(timeframe);
  }

  private draw(): void {
    const { actions, known } = this;
    const all = new Set([...known, ...ROLLED_UP, ...actions.favourites(), actions.current()]);
    const sorted = [...all].sort((a, b) => secondsOf(a) - secondsOf(b));
    const groups = GROUPS.map(([units, title]) => [title, sorted.filter((one) => units.includes(one.at(-1)!))] as const);
    this.list.replaceChildren(
      ...groups.filter(([, rows]) => rows.length > 0).map(([title, rows]) =>
        h("div", { role: "group", "aria-label": title }, h("h3", {}, title), h("div", { class: "timeframe-rows" }, ...rows.map((one) => this.row(one)))),
      ),
    );
  }

  private row(timeframe: string): HTMLElement {
    const favourites = this.actions.favourites();
    const isKept = favourites.includes(timeframe);
    const current = timeframe === this.actions.current() && { "aria-current": "true" };
    const name = h("button", { type: "button", class: "timeframe-name", onclick: () => this.choose(timeframe), ...current }, timeframe);
    const title = isKept ? `Take ${timeframe} out of the bar` : `Put ${timeframe} into the bar`;
    const keep = () => {
      const kept = isKept ? favourites.filter((one) => one !== timeframe) : [...favourites, timeframe];
      this.actions.keep([...kept].sort((a, b) => secondsOf(a) - secondsOf(b)));
      this.draw();
      this.list.querySelector<HTMLElement>(`[data-star="${timeframe}"]`)?.focus();
    };
    const star = { type: "button", class: "tiny", title, "aria-label": title, "aria-pressed": String(isKept), "data-star": timeframe, onclick: keep };
    return h("span", { class: "timeframe" }, name, h("button", star, icon(ICONS.star, 14)));
  }
}
