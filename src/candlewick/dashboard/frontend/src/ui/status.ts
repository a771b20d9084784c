// The bar below the charts: whether and how fast bars arrive, when the bar closes, the time and zone, the scale.

import { type Scale, SCALES } from "../chart/charttypes";
import { type Health, isOld } from "../data/health";
import type { Source, Status } from "../data/live";
import { countdown, fixed, span } from "../format";
import type { Choice } from "../state/choice";
import type { ZoneClock } from "../zone";
import { h, iconButton, ICONS, markCurrent, setText } from "./dom";
import { zoneName } from "./zones";

const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const SOURCES: Record<Source, [name: string, title: string]> = {
  feed: ["feed", "The forming bar: the warehouse's bar, carried on by the recorder's trades with contiguous ids"],
  ahead: ["feed, over a hole", "The recorder's feed goes on although trades before it are missing: bars since then are incomplete"],
  mart: ["warehouse", "Bars come from the warehouse: the recorder's feed brings nothing newer"],
  away: ["warehouse", "The recorder's feed is away: bars go on as the warehouse settles them"],
  settled: ["warehouse", "The recorder's feed is away: all bars are those that the warehouse has settled"],
  waiting: ["", ""],
};
const HEALTH_TITLES: Record<Health, string> = {
  live: "How long trades take from the exchange to this screen",
  quiet: "How old the newest trade is: the recorder is connected, but sends none",
  incomplete: "Trades are missing and asked for: prices are right, the sums of the newest bars are not yet",
  delayed: "How old the newest trade is: the recorder is connected, but bars come from the warehouse",
  away: "The recorder's feed is away, and nothing is live: how old the newest trade is",
  settled: "The recorder's feed is away, and nothing is live: how old the newest trade is that the warehouse has settled",
  stale: "How old the newest trade is",
  waiting: "There are no candles yet",
  lost: "The dashboard's server does not answer",
  replay: "Trades of the past are played",
};
const WORDS: Partial<Record<Health, string>> = { lost: "reconnecting", away: "no live feed", settled: "no live feed" };
const SCALE_NAMES: Record<Scale, [name: string, title: string]> = {
  auto: ["lin", "Prices, as they are"],
  log: ["log", "Logarithmic (Alt+L)"],
  percent: ["%", "Percent of the first bar on screen (Alt+P)"],
  indexed: ["100", "The first bar on screen is 100"],
};

export interface StatusActions {
  chooseZone(anchor: Element): void;
  choose(choice: Partial<Choice>): void;
  /** Fit the price scale to what is on screen, and keep it so. */
  fit(): void;
  showMessages(anchor: Element): void;
  help(): void;
}

export class StatusBar {
  readonly element: HTMLElement;
  private readonly words = h("span");
  private readonly basis = h("span", { class: "wide-only" });
  private readonly age = h("span");
  private readonly health = h("span", { class: "health" }, h("span", {}, this.words, this.basis, this.age));
  private readonly left = h("span");
  private readonly closes = h("span", { title: "Until this bar closes" }, h("i", { class: "wide-only" }, "closes in "), this.left);
  private readonly bars = h("span", { class: "wide-only" });
  private readonly source = h("span", { class: "wide-only" });
  private readonly history = h("span", { class: "progress" });
  private readonly clock = h("time", { class: "clock" });
  private readonly zone: HTMLButtonElement;
  private readonly scales: HTMLButtonElement[];
  private readonly fit: HTMLButtonElement;
  private readonly invert: HTMLButtonElement;
  private scale: Scale = "auto";
  private inverted = false;

  constructor(actions: StatusActions) {
    const onclick = () => actions.chooseZone(this.zone);
    this.zone = h("button", { type: "button", class: "zone", title: "Time zone", onclick });
    this.scales = SCALES.map((scale) => {
      const [name, title] = SCALE_NAMES[scale];
      const onclick = () => actions.choose({ scale: scale === this.scale ? "auto" : scale });
      return h("button", { type: "button", value: scale, title, onclick }, name);
    });
    const fitted = "Fit prices to the screen (double-click on the axis)";
    this.fit = h("button", { type: "button", title: fitted, "aria-pressed": "true", onclick: () => actions.fit() }, "auto");
    const flip = () => actions.choose({ inverted: !this.inverted });
    this.invert = h("button", { type: "button", value: "inverted", title: "Upside down (Alt+I)", onclick: flip }, "inv");
    const messages = iconButton("Messages", ICONS.messages, (button) => actions.showMessages(button), "tiny");
    messages.classList.add("wide-only");
    const help = iconButton("Keyboard (?)", ICONS.keyboard, () => actions.help(), "tiny");
    help.classList.add("wide-only");
    this.element = h(
      "footer",
      { class: "bottom" },
      this.health,
      this.closes,
      this.bars,
      this.source,
      this.history,
      h("span", { class: "spring" }),
      this.clock,
      this.zone,
      h("span", { class: "scales" }, this.fit, ...this.scales, this.invert),
      messages,
      help,
    );
  }

  setZone(zone: string): void {
    setText(this.zone, zoneName(zone));
    this.zone.setAttribute("aria-label", `Time zone ${zoneName(zone)}`);
  }

  setChoice({ scale, inverted }: Choice): void {
    this.scale = scale;
    this.inverted = inverted;
    markCurrent(this.scales, scale);
    markCurrent([this.invert], inverted ? "inverted" : "");
  }

  /** Show whether the price scale is fitted to the screen, or was moved by hand. */
  setFitted(isFitted: boolean): void {
    if (this.fit.ariaPressed !== String(isFitted)) this.fit.ariaPressed = String(isFitted);
  }

  setHealth(health: Health, age: number | null): void {
    this.health.dataset.health = health;
    this.health.toggleAttribute("data-old", isOld(age));
    setText(this.words, WORDS[health] ?? health);
    setText(this.basis, health === "settled" ? " · settled" : "");
    setText(this.age, age === null ? "" : ` · ${span(age)}`);
    // These two are about live bars.
    this.bars.hidden = this.source.hidden = health === "replay";
    this.health.title = HEALTH_TITLES[health];
  }

  setStatus(status: Status, bars: number): void {
    const [name, title] = SOURCES[status.source];
    setText(this.source, name);
    this.source.title = title;
    setText(this.bars, bars > 0 ? `${fixed(bars, 0)} ${bars === 1 ? "bar" : "bars"}` : "");
    const loading = status.history !== null && status.history < 1;
    setText(this.history, loading ? `history ${Math.floor(100 * status.history!)} %` : "");
  }

  /** Show the time and the countdown; `now` and `closes` in ms. */
  tick(now: number, closes: number | null, clock: ZoneClock): void {
    setText(this.clock, clock.format(now / 1_000, CLOCK));
    this.closes.hidden = closes === null;
    setText(this.left, closes === null ? "" : countdown((closes - now) / 1_000));
  }
}
