// The search: typing letters finds symbols, typing a number finds timeframes, and Enter opens the first of them.

import type { Config } from "../data/config";
import { timeframeOf } from "../data/timeframes";
import type { Choice } from "../state/choice";
import { Choices, matching, type Option } from "./choices";
import { Popover } from "./popover";

const NAMES: Record<string, string> = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

export class Search extends Popover {
  private readonly choices: Choices;

  constructor(root: HTMLElement, config: Config, choose: (choice: Partial<Choice>) => void) {
    const choices = new Choices(
      "Symbol or timeframe",
      (typed) => found(config, typed),
      (value) => {
        this.close();
        choose(config.symbols.includes(value) ? { symbol: value } : { timeframe: value });
      },
    );
    super(root, "Search", choices.element);
    this.choices = choices;
  }

  /** Open the search with what was typed so far. */
  begin(anchor: Element, typed: string): void {
    this.open(anchor);
    this.choices.start(typed);
  }
}

/** The symbols that match; after a number also the timeframes. `15` means fifteen minutes, as traders type it. */
export function found({ symbols, timeframes }: Pick<Config, "symbols" | "timeframes">, typed: string): Option[] {
  const matches = matching(symbols.map((symbol) => ({ value: symbol, title: symbol })), typed);
  const named = matches.map((option) => ({ ...option, hint: "symbol" }));
  if (!/^\d/.test(typed)) return named;
  // A bare number means minutes first; what has candles of its own comes before what is rolled up.
  const minutes = timeframeOf(typed, timeframes);
  const own = timeframes.filter((timeframe) => timeframe.startsWith(typed.toLowerCase()));
  const rolled = ["h", "d", "w"].flatMap((unit) => timeframeOf(typed + unit, timeframes) ?? []);
  const values = new Set([...(minutes ? [minutes] : []), ...own, ...(/\d$/.test(typed) ? rolled : [])]);
  return [...[...values].map(timeframeOption), ...named];
}

function timeframeOption(timeframe: string): Option {
  const count = Number.parseInt(timeframe, 10);
  return { value: timeframe, title: timeframe, hint: `${count} ${NAMES[timeframe.at(-1)!]}${count > 1 ? "s" : ""}` };
}
