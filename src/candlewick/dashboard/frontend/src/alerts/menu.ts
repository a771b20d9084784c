// The pop-over of alerts: a form that makes them, what waits, four boxes that watch the tape, and what rang.

import type { Stage } from "../desk/stage";
import { h, icon, ICONS } from "../ui/dom";
import { Popover } from "../ui/popover";
import { type Alert, type Kind, plain, type PriceKind } from "./book";
import type { Watcher } from "./watcher";

const SHOWN_RINGS = 20;
const CLOCK = { month: "short", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false } as const;
const STALE_SECONDS = "60";
const PRICE_KINDS: Record<PriceKind, string> = { cross: "comes to", above: "rises to", below: "falls to" };
type TapeKind = Exclude<Kind, PriceKind | "indicator">;
const TAPE_KINDS: Record<TapeKind, string> = {
  stale: `The newest trade is older than ${STALE_SECONDS} s`,
  hole: "Trades are missing",
  mismatch: "A candle is not the exchange's own",
  seal: "A day cannot be sealed",
};

/** For how long an alert waits, in s. */
const EXPIRIES: readonly [seconds: number, title: string][] = [
  [0, "until removed"],
  [3_600, "for an hour"],
  [86_400, "for a day"],
  [604_800, "for a week"],
];

export class AlertsMenu extends Popover {
  private readonly boxes: (() => void)[] = [];
  private readonly list = h("div", { class: "alerts-list" });
  private readonly log = h("ol", { class: "alerts-log", "aria-label": "What rang" });
  private readonly hook = h("p", { class: "alerts-hook" });
  private readonly kind = h(
    "select",
    { "aria-label": "When the price" },
    ...Object.entries(PRICE_KINDS).map(([value, text]) => h("option", { value }, text)),
  );
  private readonly indicator = h("input", { type: "text", value: "rsi(14)", "aria-label": "Indicator", title: "sma(n), ema(n): the close comes to it; rsi(n): it comes to a level" });
  private readonly indicatorLevel = h("input", { type: "number", value: "70", min: "0", max: "100", "aria-label": "Level of the indicator" });
  private readonly repeats = h("input", { type: "checkbox" });
  private readonly expiry = h("select", { "aria-label": "How long" }, ...EXPIRIES.map(([value, title]) => h("option", { value }, title)));
  private readonly note = h("input", { type: "text", maxlength: 200, placeholder: "note", "aria-label": "Note" });
  private readonly price = h("input", { type: "number", step: "any", min: "0", "aria-label": "Price", autofocus: true });

  constructor(
    private readonly stage: Stage,
    private readonly watcher: Watcher,
  ) {
    const body = h("form", { class: "form alerts", onsubmit: (event) => this.submit(event) });
    super(stage.desk.root, "Alerts", body);
    body.append(...this.fields());
    this.onOpen = () => this.fill();
  }

  /** Set an alert at a price as the axis writes it, of the kind that the form says. */
  add(price: number): void {
    const { chart, series, desk } = this.stage;
    const rounded = Number(price.toFixed(chart.decimals));
    if (!(rounded > 0)) return;
    const [kind, note] = [this.kind.value as PriceKind, this.note.value.trim()];
    const expires_at = this.expiresAt();
    void this.watcher.add({ kind, symbol: series.symbol, level: plain(rounded), note, repeats: this.repeats.checked, expires_at });
    this.note.value = "";
    desk.toasts.show(`Alert at ${chart.priceText(rounded)}`, "info");
  }

  /** Set an alert on an indicator of the chart's timeframe, judged where a bar closes. */
  private addIndicator(): void {
    const { series } = this.stage;
    const indicator = this.indicator.value.trim().toLowerCase();
    const level = indicator.startsWith("rsi") ? plain(Number(this.indicatorLevel.value)) : "";
    const [side, note, repeats] = [this.kind.value as PriceKind, this.note.value.trim(), this.repeats.checked];
    void this.watcher.add({ kind: "indicator", ...series, indicator, level, side, note, repeats, expires_at: this.expiresAt() });
  }

  private expiresAt(): number | null {
    const seconds = Number(this.expiry.value);
    return seconds ? Math.round((this.stage.desk.live.serverNow() / 1_000 + seconds) * 1e6) : null;
  }

  /** Show what there is now. */
  refresh(): void {
    const { symbol } = this.stage.series;
    const { book } = this.watcher;
    const alerts = [...book.of(symbol), ...book.onIndicators(symbol)];
    this.list.replaceChildren(...(alerts.length ? alerts.map((alert) => this.row(alert)) : [h("i", {}, `none for ${symbol}`)]));
    const clock = this.stage.desk.clock;
    const told = book.rings.slice(0, SHOWN_RINGS).map(({ at, text }) => h("li", {}, h("time", {}, clock.format(at / 1e6, CLOCK)), ` ${text}`));
    this.log.replaceChildren(...(told.length ? told : [h("li", {}, h("i", {}, "nothing yet"))]));
    const waiting = book.undelivered ? `; ${book.undelivered} not taken yet, tried again` : "";
    this.hook.textContent = book.webhook ? `Rings go to the webhook, too${waiting}.` : "Kept and watched by the server, also while no page is open.";
    this.boxes.forEach((show) => show());
  }

  private submit(event: Event): void {
    event.preventDefault();
    this.add(Number(this.price.value));
  }

  private fill(): void {
    this.price.value = String(this.stage.bars.at(-1)?.close ?? "");
    this.refresh();
  }

  private fields(): HTMLElement[] {
    const { book } = this.watcher;
    return [
      h("h2", {}, "Alerts"),
      h("div", { class: "field" }, this.kind, this.price, h("button", { type: "submit", class: "plain" }, "Add")),
      h("div", { class: "field" }, this.note, h("label", {}, this.repeats, " every time")),
      h("div", { class: "field" }, h("span", {}, "It waits"), this.expiry),
      h("div", { class: "field" }, this.indicator, this.indicatorLevel, h("button", { type: "button", class: "plain", onclick: () => this.addIndicator() }, "Add on close")),
      this.list,
      ...(Object.keys(TAPE_KINDS) as (keyof typeof TAPE_KINDS)[]).map((kind) => this.tapeBox(kind)),
      this.check("Sound", (box) => book.set({ sound: box.checked }), () => book.settings.sound),
      this.check("Messages beside the page", (box) => void this.watcher.notify(box.checked), () => book.settings.notify),
      this.check("Messages about the pipeline", (box) => book.set({ pipeline: box.checked }), () => book.settings.pipeline),
      h("h3", {}, "What rang"),
      this.log,
      this.hook,
    ];
  }

  /** A box that keeps an alert about the tape, for all charts of this server. */
  private tapeBox(kind: TapeKind): HTMLElement {
    const known = () => this.watcher.book.ofTape.find((alert) => alert.kind === kind);
    const level = kind === "stale" ? STALE_SECONDS : "";
    const change = (box: HTMLInputElement) => {
      const alert = known();
      if (box.checked && !alert) void this.watcher.add({ kind, symbol: "", level, repeats: true });
      if (!box.checked && alert) void this.watcher.remove(alert.id);
    };
    return this.check(TAPE_KINDS[kind], change, () => known() !== undefined);
  }

  private check(title: string, change: (box: HTMLInputElement) => void, isChecked: () => boolean): HTMLElement {
    const box = h("input", { type: "checkbox", onchange: () => change(box) });
    this.boxes.push(() => (box.checked = isChecked()));
    return h("label", { class: "field" }, h("span", {}, title), box);
  }

  private row(alert: Alert): HTMLElement {
    const { id, level, note, is_armed, repeats } = alert;
    const isOfPrice = alert.kind !== "indicator";
    const price = isOfPrice ? this.stage.chart.priceText(Number(level)) : `${alert.indicator} ${level} ${alert.timeframe}`;
    const { live, clock } = this.stage.desk;
    const isOver = alert.expires_at !== null && alert.expires_at <= live.serverNow() * 1_000;
    const until = alert.expires_at === null ? "" : isOver ? "over" : `until ${clock.format(alert.expires_at / 1e6, CLOCK)}`;
    const told = [PRICE_KINDS[isOfPrice ? (alert.kind as PriceKind) : alert.side], repeats ? "every time" : "", until, note].filter(Boolean).join(", ");
    const rearm = { type: "button", class: "plain", onclick: () => void this.watcher.change(id, { is_armed: true }) };
    return h(
      "div",
      { class: "field", "data-armed": String(is_armed) },
      h("b", {}, price),
      h("span", {}, is_armed ? told : "rang"),
      ...(is_armed ? [] : [h("button", rearm, "Again")]),
      h(
        "button",
        { type: "button", class: "tiny", "aria-label": isOfPrice ? `Remove the alert at ${Number(level)}` : `Remove the alert on ${alert.indicator}`, onclick: () => void this.watcher.remove(id) },
        icon(ICONS.close, 14),
      ),
    );
  }
}
