// The bar above the chart: symbol, timeframes, last price, the day's numbers, and the buttons.

import type { Bar } from "../bar";
import type { Choice } from "../choice";
import type { Config } from "../config";
import { h, icon, ICONS, markCurrent, setText } from "../dom";
import { fixed, short, signed } from "../format";
import type { Day } from "../history";
import type { ThemeName } from "../theme";

const DAY_SECONDS = 86_400;

export interface HeaderActions {
  open(choice: Partial<Choice>): void;
  flipTheme(): void;
  toggleSettings(): void;
  toggleFullscreen(): void;
}

export class Header {
  readonly element: HTMLElement;
  readonly settingsButton: HTMLButtonElement;
  /** Where the active chart's tools and icons go. */
  readonly tools = h("span", { class: "tools" });
  readonly icons = h("span", { class: "buttons" });

  private readonly symbol: HTMLSelectElement;
  private readonly timeframes: HTMLButtonElement[];
  private readonly price = h("span", { class: "price", "aria-live": "off" });
  private readonly stats = h("span", { class: "stats" });
  private readonly themeButton: HTMLButtonElement;
  private shown = NaN;
  private symbolShown = "";

  constructor(config: Config, actions: HeaderActions) {
    this.symbol = h(
      "select",
      {
        class: "symbol",
        "aria-label": "Symbol",
        onchange: () => actions.open({ symbol: this.symbol.value }),
      },
      ...config.symbols.map((symbol) => h("option", { value: symbol }, symbol)),
    );
    this.timeframes = config.timeframes.map((timeframe) =>
      h("button", { type: "button", value: timeframe, onclick: () => actions.open({ timeframe }) }, timeframe),
    );
    this.themeButton = button("Dark or light", ICONS.moon, actions.flipTheme);
    this.settingsButton = button("Settings", ICONS.settings, actions.toggleSettings);
    const full = button("Full screen", ICONS.fullscreen, actions.toggleFullscreen);
    full.classList.add("wide-only");
    this.element = h(
      "header",
      { class: "top" },
      h("label", { class: "select symbol-box" }, this.symbol),
      ...(config.demo ? [h("span", { class: "badge", title: "These trades are made up by the local exchange" }, "DEMO")] : []),
      h("nav", { class: "timeframes", "aria-label": "Timeframe" }, ...this.timeframes),
      this.tools,
      h("span", { class: "spring" }),
      this.price,
      this.stats,
      this.icons,
    );
    this.icons.append(this.themeButton, this.settingsButton, full);
  }

  setChoice({ symbol, timeframe }: Choice): void {
    markCurrent(this.timeframes, timeframe);
    if (symbol === this.symbolShown) return;
    this.symbolShown = this.symbol.value = symbol;
    this.shown = NaN;
    setText(this.price, "");
    this.stats.replaceChildren();
  }

  setTheme(theme: ThemeName): void {
    this.themeButton.replaceChildren(icon(theme === "dark" ? ICONS.sun : ICONS.moon));
    this.themeButton.title = theme === "dark" ? "Light theme" : "Dark theme";
  }

  /** Show the last price, in the colour of its last move. */
  setPrice(price: number, decimals: number): void {
    if (price === this.shown) return;
    if (!Number.isNaN(this.shown)) this.price.dataset.move = price > this.shown ? "up" : "down";
    this.shown = price;
    setText(this.price, fixed(price, decimals));
  }

  /** Show what the last 24 hours brought, or as much of them as is recorded. */
  setDay(day: Day, newest: Bar, decimals: number): void {
    const change = newest.close - day.open;
    const stat = (name: string, value: string, move?: string) =>
      h("span", { class: "stat", ...(move && { "data-move": move }) }, h("i", {}, name), value);
    this.stats.replaceChildren(
      stat(spanOf(newest.time - day.since), `${signed((100 * change) / day.open, 2)}%`, change >= 0 ? "up" : "down"),
      stat("High", fixed(Math.max(day.high, newest.high), decimals)),
      stat("Low", fixed(Math.min(day.low, newest.low), decimals)),
      stat("Vol", short(day.volume)),
    );
  }
}

/** How much of the day is recorded: 24h, 6h, 12m. */
function spanOf(seconds: number): string {
  if (seconds > DAY_SECONDS - 3_600) return "24h";
  return seconds >= 3_600 ? `${Math.round(seconds / 3_600)}h` : `${Math.max(1, Math.round(seconds / 60))}m`;
}

function button(title: string, path: string, onclick: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "icon", title, "aria-label": title, onclick }, icon(path));
}
