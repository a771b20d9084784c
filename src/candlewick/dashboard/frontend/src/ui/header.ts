// The bar above the charts: symbol, timeframes, the active chart's tools, last price, the day's numbers, and the icons.

import { isRising } from "../chart/looks";
import type { Bar } from "../data/bar";
import type { Config } from "../data/config";
import type { Day } from "../data/history";
import { fixed, short, signed } from "../format";
import type { Choice } from "../state/choice";
import type { ThemeName } from "../style/theme";
import { h, icon, iconButton, ICONS, setText } from "./dom";
import { TimeframeBar } from "./timeframes";

const DAY_SECONDS = 86_400;

export interface HeaderActions {
  open(choice: Partial<Choice>): void;
  search(anchor: Element): void;
  /** Offer all timeframes, and which of them are in the bar. */
  chooseTimeframe(anchor: Element): void;
  /** Show or hide the drawing tools, which a phone has no room for otherwise. */
  toggleTools(): void;
  arrange(anchor: Element): void;
  toggleWatchlist(): void;
  flipTheme(): void;
  toggleSettings(anchor: Element): void;
  toggleFullscreen(): void;
}

export class Header {
  readonly element: HTMLElement;
  readonly symbolButton: HTMLButtonElement;
  readonly layoutButton: HTMLButtonElement;
  /** Where the active chart's tools and icons go. */
  readonly tools = h("span", { class: "tools" });
  readonly icons = h("span", { class: "buttons" });

  private readonly symbol = h("span");
  private readonly timeframes: TimeframeBar;
  private readonly price = h("span", { class: "price", "aria-live": "off" });
  /** The price for screen readers: every few seconds rather than at each trade. */
  private readonly spoken = h("span", { class: "unseen", role: "status", "aria-live": "polite" });
  private readonly stats = h("span", { class: "stats" });
  private readonly themeButton: HTMLButtonElement;
  /** Among the icons, and on a phone beside the timeframes. */
  private readonly watchlistButtons: HTMLButtonElement[];

  constructor({ demo }: Config, actions: HeaderActions) {
    const title = "Search a symbol: just type";
    const onclick = () => actions.search(this.symbolButton);
    const search = icon(ICONS.search, 15);
    const symbol = { type: "button", class: "symbol", title, onclick };
    this.symbolButton = h("button", symbol, search, this.symbol);
    this.timeframes = new TimeframeBar((timeframe) => actions.open({ timeframe }), actions.chooseTimeframe);
    this.themeButton = iconButton("Dark or light", ICONS.moon, actions.flipTheme);
    this.layoutButton = iconButton("Layout", ICONS.four, actions.arrange);
    const only = (screens: "wide-only" | "narrow-only", element: HTMLButtonElement) => {
      element.classList.add(screens);
      return element;
    };
    const watchlist = (screens: "wide-only" | "narrow-only") => only(screens, iconButton("Watchlist", ICONS.list, actions.toggleWatchlist));
    this.watchlistButtons = [watchlist("wide-only"), watchlist("narrow-only")];
    this.layoutButton.classList.add("wide-only");
    this.icons.append(
      only("narrow-only", iconButton("Drawing tools", ICONS.trend, actions.toggleTools)),
      this.watchlistButtons[0]!,
      this.layoutButton,
      only("wide-only", this.themeButton),
      iconButton("Settings", ICONS.settings, actions.toggleSettings),
      only("wide-only", iconButton("Full screen", ICONS.fullscreen, actions.toggleFullscreen)),
    );
    this.element = h(
      "header",
      { class: "top" },
      this.symbolButton,
      ...(demo ? [h("span", { class: "badge", title: "These trades are made up by the local exchange" }, "DEMO")] : []),
      h("div", { class: "strip" }, this.timeframes.element, this.tools, this.watchlistButtons[1]!),
      h("span", { class: "spring" }),
      this.price,
      this.spoken,
      this.stats,
      this.icons,
    );
  }

  setChoice({ symbol, timeframe }: Choice): void {
    this.timeframes.mark(timeframe);
    if (symbol === this.symbol.textContent) return;
    setText(this.symbol, symbol);
    setText(this.price, "");
    this.stats.replaceChildren();
  }

  setWatchlist(isOpen: boolean): void {
    for (const button of this.watchlistButtons) button.setAttribute("aria-pressed", String(isOpen));
  }

  /** Show these timeframes in the bar. */
  setTimeframes(timeframes: readonly string[]): void {
    this.timeframes.show(timeframes);
  }

  setTheme(theme: ThemeName): void {
    this.themeButton.replaceChildren(icon(theme === "dark" ? ICONS.sun : ICONS.moon));
    this.themeButton.title = theme === "dark" ? "Light theme" : "Dark theme";
  }

  /** Show the last price, in the colour of the newest bar, as the price axis does. */
  setPrice(newest: Bar, decimals: number): void {
    this.price.dataset.move = isRising(newest) ? "up" : "down";
    setText(this.price, fixed(newest.close, decimals));
  }

  /** Show the numbers of the last 24 hours, or of as much of them as is recorded; `now` is in seconds. */
  setDay(day: Day, newest: Bar, decimals: number, now: number): void {
    const change = newest.close - day.open;
    setText(this.spoken, `${this.symbol.textContent} ${fixed(newest.close, decimals)}`);
    const stat = (name: string, value: string, move?: string) =>
      h("span", { class: "stat", ...(move && { "data-move": move }) }, h("i", {}, name), value);
    this.stats.replaceChildren(
      stat(spanOf(now - day.since), `${signed((100 * change) / day.open, 2)}%`, change >= 0 ? "up" : "down"),
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
