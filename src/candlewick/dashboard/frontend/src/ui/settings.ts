// The settings: four candle colours, applied while the picker moves, the grid's lines, and the theme.

import type { ThemeChoice } from "../state/prefs";
import { CANDLE_COLOURS, type CandleColours, PRESETS } from "../style/theme";
import { h, markCurrent } from "./dom";
import { Popover } from "./popover";

export interface Look {
  readonly colours: CandleColours;
  /** Whether the grid's lines are drawn. */
  readonly lines: boolean;
  /** Whether lines stand between days. */
  readonly days: boolean;
  readonly theme: ThemeChoice;
}

export interface SettingsActions {
  /** What is chosen now, perhaps in another tab. */
  look(): Look;
  setColours(colours: CandleColours): void;
  setTheme(choice: ThemeChoice): void;
  setLines(lines: boolean): void;
  setDays(days: boolean): void;
}

const ROWS: [label: string, bull: keyof CandleColours, bear: keyof CandleColours][] = [
  ["Body", "bullFill", "bearFill"],
  ["Border and wick", "bullEdge", "bearEdge"],
];
const NAMES: Record<keyof CandleColours, string> = {
  bullFill: "Rising body",
  bearFill: "Falling body",
  bullEdge: "Rising border and wick",
  bearEdge: "Falling border and wick",
};

export class Settings extends Popover {
  private colours = CANDLE_COLOURS;
  private readonly wells = {} as Record<keyof CandleColours, HTMLInputElement>;
  private readonly themes: HTMLButtonElement[];

  constructor(
    root: HTMLElement,
    notices: string,
    version: string,
    private readonly actions: SettingsActions,
  ) {
    const content = h("section", { class: "settings" });
    super(root, "Settings", content);
    this.onOpen = () => {
      const { colours, lines, days, theme } = actions.look();
      this.setColours(colours);
      grid.checked = lines;
      breaks.checked = days;
      this.markTheme(theme);
    };
    const pick = (colours: CandleColours) => {
      this.setColours(colours);
      actions.setColours(colours);
    };
    this.themes = (["system", "dark", "light"] as const).map((choice) =>
      h("button", { type: "button", value: choice, onclick: () => this.chooseTheme(choice) }, choice),
    );
    const presets = PRESETS.map((preset) => presetButton(preset, pick));
    const grid = h("input", { type: "checkbox", onchange: () => actions.setLines(grid.checked) });
    const breaks = h("input", { type: "checkbox", onchange: () => actions.setDays(breaks.checked) });
    content.append(
      h("h2", {}, "Candles"),
      h("div", { class: "wells" }, h("span"), h("span", {}, "Rising"), h("span", {}, "Falling"), ...this.rows(pick)),
      h("div", { class: "presets", role: "group", "aria-label": "Presets" }, ...presets),
      h("button", { type: "button", class: "plain", onclick: () => pick(CANDLE_COLOURS) }, "Reset colours"),
      h("h2", {}, "Chart"),
      h("label", { class: "check" }, grid, "Lines of the grid"),
      h("label", { class: "check" }, breaks, "Lines between days"),
      h("h2", {}, "Theme"),
      h("div", { class: "segments", role: "group", "aria-label": "Theme" }, ...this.themes),
      h(
        "p",
        { class: "about" },
        `Candlewick ${version}. Charts by `,
        h("a", { href: "https://www.tradingview.com/", target: "_blank", rel: "noopener" }, "TradingView"),
        " Lightweight Charts™; ",
        h("a", { href: notices, target: "_blank", rel: "noopener" }, "notices"),
        ".",
      ),
    );
  }

  private markTheme(choice: ThemeChoice): void {
    markCurrent(this.themes, choice);
  }

  private chooseTheme(choice: ThemeChoice): void {
    this.actions.setTheme(choice);
    this.markTheme(choice);
  }

  private setColours(colours: CandleColours): void {
    this.colours = colours;
    for (const [name, well] of Object.entries(this.wells)) well.value = colours[name as keyof CandleColours];
  }

  private rows(pick: (colours: CandleColours) => void): HTMLElement[] {
    const well = (name: keyof CandleColours) => {
      const input = h("input", {
        type: "color",
        "aria-label": NAMES[name],
        oninput: () => pick({ ...this.colours, [name]: input.value }),
      });
      this.wells[name] = input;
      return input;
    };
    return ROWS.flatMap(([label, bull, bear]) => [h("span", { class: "label" }, label), well(bull), well(bear)]);
  }
}

/** A preset, shown by a rising and a falling candle. */
function presetButton([name, colours]: (typeof PRESETS)[number], pick: (colours: CandleColours) => void): HTMLElement {
  const swatch = (fill: string) => {
    const candle = h("span", { class: "swatch" });
    candle.style.background = fill;
    return candle;
  };
  const swatches = h("span", { class: "swatches" }, swatch(colours.bullFill), swatch(colours.bearFill));
  return h("button", { type: "button", onclick: () => pick(colours) }, swatches, name);
}
