// The alerts of the server, as this page knows them; what makes a sound or a message is kept in this browser.

import { keep, recall } from "../state/prefs";

const NAME = "alerts";
const RINGS_KEPT = 100;

export type PriceKind = "cross" | "above" | "below";
export type Kind = PriceKind | "stale" | "hole" | "mismatch" | "seal" | "indicator";

export interface Alert {
  readonly id: string;
  readonly kind: Kind;
  readonly symbol: string;
  /** A price as it was written, or seconds. */
  readonly level: string;
  /** Of an alert on an indicator: `rsi(14)`, the timeframe of its bars, and from which side it counts. */
  readonly indicator: string;
  readonly timeframe: string;
  readonly side: PriceKind;
  readonly note: string;
  readonly repeats: boolean;
  readonly is_armed: boolean;
  /** In µs since the epoch. */
  readonly expires_at: number | null;
}

export interface Ring {
  readonly key: string;
  /** In µs since the epoch. */
  readonly at: number;
  readonly text: string;
  readonly symbol: string;
}

interface Told {
  readonly alerts: Alert[];
  readonly rings: { readonly number: number; readonly ring: Ring }[];
  readonly webhook: boolean;
  readonly undelivered: number;
}

export type New = Pick<Alert, "kind" | "symbol" | "level"> & Partial<Pick<Alert, "note" | "repeats" | "expires_at" | "indicator" | "timeframe" | "side">>;
export type Change = Partial<Pick<Alert, "level" | "note" | "repeats" | "is_armed">>;

export class AlertBook {
  /** Whether messages make a sound, show beside the page, and whether there are messages about the pipeline. */
  settings = { sound: false, notify: false, pipeline: true };
  alerts: readonly Alert[] = [];
  /** What rang, the newest first. */
  rings: readonly Ring[] = [];
  webhook = false;
  undelivered = 0;

  private newest: number | null = null;
  private readonly url: string;

  constructor(base: string) {
    this.url = `${base}/api/alerts`;
    const { sound, notify, pipeline } = recall(NAME);
    this.settings = { sound: sound === true, notify: notify === true, pipeline: pipeline !== false };
  }

  /** The price alerts of a symbol, by their price. */
  of(symbol: string): readonly Alert[] {
    return this.alerts.filter((alert) => alert.symbol === symbol && isPrice(alert.kind)).sort((a, b) => Number(a.level) - Number(b.level));
  }

  /** Those on a symbol's indicators. */
  onIndicators(symbol: string): readonly Alert[] {
    return this.alerts.filter((alert) => alert.symbol === symbol && alert.kind === "indicator");
  }

  /** The alerts about the tape. */
  get ofTape(): readonly Alert[] {
    return this.alerts.filter(({ kind }) => !isPrice(kind) && kind !== "indicator");
  }

  /** Read what the server has; returns what rang since this page read it last. Null where the server does not answer. */
  async load(): Promise<readonly Ring[] | null> {
    const answer = await fetch(`${this.url}?after=${this.newest ?? 0}`).catch(() => null);
    if (!answer?.ok) return null;
    const told = (await answer.json()) as Told;
    const isFirst = this.newest === null;
    const fresh = told.rings.filter(({ number }) => number > (this.newest ?? 0));
    this.newest = Math.max(this.newest ?? 0, ...fresh.map(({ number }) => number));
    this.rings = [...fresh.map(({ ring }) => ring).reverse(), ...this.rings].slice(0, RINGS_KEPT);
    Object.assign(this, { alerts: told.alerts, webhook: told.webhook, undelivered: told.undelivered });
    return isFirst ? [] : fresh.map(({ ring }) => ring);
  }

  /** Add an alert; what comes back says why where it was refused. */
  add(alert: New): Promise<string | null> {
    return this.ask("POST", "", alert);
  }

  change(id: string, change: Change): Promise<string | null> {
    return this.ask("PATCH", `/${id}`, change);
  }

  remove(id: string): Promise<string | null> {
    return this.ask("DELETE", `/${id}`);
  }

  set(settings: Partial<AlertBook["settings"]>): void {
    Object.assign(this.settings, settings);
    keep(NAME, { ...recall(NAME), ...this.settings });
  }

  /** Give the server the alerts that an earlier version kept in this browser. */
  async moveIn(): Promise<void> {
    const { prices, ...rest } = recall(NAME);
    if (!prices) return;
    for (const alert of kept(prices)) if ((await this.add(alert)) !== null) return;
    keep(NAME, rest);
  }

  private async ask(method: string, path: string, body?: unknown): Promise<string | null> {
    const headers = { "Content-Type": "application/json" };
    const asked = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(this.url + path, asked).catch(() => null);
    if (answer === null) return "the server does not answer";
    return answer.ok ? null : (await answer.text()).trim();
  }
}

export function isPrice(kind: Kind): kind is PriceKind {
  return kind === "cross" || kind === "above" || kind === "below";
}

/** The alerts that were kept in a browser, by symbol: whatever is no price is left out. */
export function kept(prices: unknown): New[] {
  if (typeof prices !== "object" || prices === null) return [];
  return Object.entries(prices).flatMap(([symbol, levels]) =>
    (Array.isArray(levels) ? levels : [])
      .filter((level): level is number => Number.isFinite(level) && level > 0)
      .map((level): New => ({ kind: "cross", symbol, level: plain(level) })),
  );
}

/** A number as a plain decimal of eight places at most. */
export function plain(value: number): string {
  return value.toFixed(8).replace(/\.?0+$/, "");
}
