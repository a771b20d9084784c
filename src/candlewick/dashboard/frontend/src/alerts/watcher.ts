// Watches prices and the pipeline for all charts of the page, whichever symbols they show.

import type { Desk } from "../desk/desk";
import { decimalsOf, fixed } from "../format";
import { Signal } from "../signal";
import type { Level } from "../ui/toasts";
import { AlertBook, crossed } from "./book";
import { chime } from "./sound";
import { news, type Report } from "./troubles";

const EVERY = 5_000;
/** Prices are taken from bars of this timeframe, which the server keeps for every symbol. */
const TIMEFRAME = "1m";

const watchers = new WeakMap<Desk, { watcher: Watcher; users: number }>();

export class Watcher {
  readonly book = new AlertBook();
  /** The alerts changed. */
  readonly changed = new Signal();

  private readonly followed = new Map<string, () => void>();
  private readonly last = new Map<string, number>();
  private report: Report | null = null;
  private readonly timer: number;
  private readonly unfollow = this.book.follow(() => this.tellChange());

  private constructor(private readonly desk: Desk) {
    this.follow();
    this.timer = window.setInterval(() => void this.look(), EVERY);
    void this.look();
  }

  /** The page's one watcher; `leave` it when done. */
  static join(desk: Desk): Watcher {
    const known = watchers.get(desk) ?? { watcher: new Watcher(desk), users: 0 };
    known.users += 1;
    watchers.set(desk, known);
    return known.watcher;
  }

  leave(): void {
    const known = watchers.get(this.desk);
    if (!known || --known.users > 0) return;
    watchers.delete(this.desk);
    window.clearInterval(this.timer);
    this.unfollow();
    this.followed.forEach((stop) => stop());
  }

  add(symbol: string, price: number): void {
    this.book.add(symbol, price);
    this.tellChange();
  }

  remove(symbol: string, price: number): void {
    this.book.remove(symbol, price);
    this.tellChange();
  }

  private tellChange(): void {
    this.follow();
    this.changed.emit();
  }

  /** Follow exactly the symbols that have an alert. */
  private follow(): void {
    const wanted = new Set(this.book.symbols);
    for (const [symbol, stop] of this.followed)
      if (!wanted.has(symbol)) {
        stop();
        this.followed.delete(symbol);
        this.last.delete(symbol);
      }
    for (const symbol of wanted) {
      if (this.followed.has(symbol)) continue;
      const take = ({ bars }: { bars: { close: number }[] }) => this.take(symbol, bars.at(-1)?.close);
      this.followed.set(symbol, this.desk.live.follow({ symbol, timeframe: TIMEFRAME }, { take, heed: () => {} }));
    }
  }

  private take(symbol: string, price: number | undefined): void {
    if (price === undefined) return;
    const before = this.last.get(symbol);
    this.last.set(symbol, price);
    if (before === undefined) return;
    for (const met of crossed(this.book.of(symbol), before, price)) {
      this.tell(`${symbol} ${price >= before ? "rose" : "fell"} to ${fixed(met, decimalsOf([met]))}`, "info");
      this.remove(symbol, met);
    }
  }

  private tell(text: string, level: Level): void {
    this.desk.toasts.show(text, level);
    if (this.book.settings.sound) chime();
  }

  private async look(): Promise<void> {
    if (!this.book.settings.pipeline || document.hidden) return;
    const answer = await fetch(`${this.desk.config.base}/api/status`).catch(() => null);
    // The status bar tells when the server is away.
    if (!answer?.ok) return;
    const report = (await answer.json()) as Report;
    if (this.report) for (const { text, level } of news(this.report, report)) this.tell(text, level);
    this.report = report;
  }
}
