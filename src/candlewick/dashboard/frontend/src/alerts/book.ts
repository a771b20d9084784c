// Price alerts, kept per symbol in this browser.

import { follow, keep, recall } from "../state/prefs";

const NAME = "alerts";
const MOST = 20;

export class AlertBook {
  /** Whether messages make a sound, and whether there are messages about the pipeline. */
  settings = { sound: false, pipeline: true };
  private readonly prices = new Map<string, number[]>();

  constructor() {
    this.read();
  }

  /** Read what is kept in this browser, which another tab may have changed. */
  read(): void {
    const stored = recall(NAME);
    this.settings = { sound: stored["sound"] === true, pipeline: stored["pipeline"] !== false };
    this.prices.clear();
    for (const [symbol, prices] of Object.entries(record(stored["prices"]))) this.prices.set(symbol, numbers(prices));
  }

  get symbols(): string[] {
    return [...this.prices.keys()].filter((symbol) => this.of(symbol).length > 0);
  }

  /** The prices of a symbol's alerts, ascending. */
  of(symbol: string): readonly number[] {
    return this.prices.get(symbol) ?? [];
  }

  /** Call back when another tab has changed the alerts; they are read again before. The function returned stops that. */
  follow(heed: () => void): () => void {
    return follow(NAME, () => {
      this.read();
      heed();
    });
  }

  add(symbol: string, price: number): void {
    this.change(() => this.prices.set(symbol, numbers([...this.of(symbol), price])));
  }

  remove(symbol: string, price: number): void {
    const others = () => this.of(symbol).filter((other) => other !== price);
    this.change(() => this.prices.set(symbol, others()));
  }

  set(settings: Partial<AlertBook["settings"]>): void {
    this.change(() => Object.assign(this.settings, settings));
  }

  /** Change what is kept now, rather than what this tab read some time ago. */
  private change(make: () => void): void {
    this.read();
    make();
    keep(NAME, { ...this.settings, prices: Object.fromEntries(this.prices) });
  }
}

/** The prices that were crossed or met when the last price went from `before` to `now`. */
export function crossed(prices: readonly number[], before: number, now: number): number[] {
  const [low, high] = [Math.min(before, now), Math.max(before, now)];
  return prices.filter((price) => price >= low && price <= high && price !== before);
}

function numbers(values: unknown): number[] {
  const finite = (Array.isArray(values) ? values : []).filter((value): value is number => Number.isFinite(value) && value > 0);
  return [...new Set(finite)].sort((a, b) => a - b).slice(0, MOST);
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
