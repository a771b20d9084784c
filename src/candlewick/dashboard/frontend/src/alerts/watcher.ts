// Hears of alerts and of the pipeline for all charts of the page, whichever symbols they show.

import type { Desk } from "../desk/desk";
import { Signal } from "../signal";
import type { Level } from "../ui/toasts";
import { AlertBook, type Change, type New } from "./book";
import { chime } from "./sound";
import { news, type Report } from "./troubles";

const EVERY = 5_000;

const watchers = new WeakMap<Desk, { watcher: Watcher; users: number }>();

export class Watcher {
  readonly book: AlertBook;
  /** The alerts changed. */
  readonly changed = new Signal();

  private report: Report | null = null;
  private readonly timer: number;
  private readonly stops: (() => void)[];

  private constructor(private readonly desk: Desk) {
    this.book = new AlertBook(desk.config.base);
    this.timer = window.setInterval(() => void this.look(), EVERY);
    this.stops = [
      desk.live.alerts.on(() => void this.load()),
      desk.live.connection.on((isOpen) => isOpen && void this.load()),
    ];
    void this.book.moveIn().then(() => this.load());
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
    this.stops.forEach((stop) => stop());
  }

  add(alert: New): Promise<void> {
    return this.made(this.book.add(alert));
  }

  change(id: string, change: Change): Promise<void> {
    return this.made(this.book.change(id, change));
  }

  remove(id: string): Promise<void> {
    return this.made(this.book.remove(id));
  }

  /** Ask the browser whether messages may show beside the page. */
  async notify(wanted: boolean): Promise<void> {
    const allowed = wanted && "Notification" in window && (await Notification.requestPermission()) === "granted";
    if (wanted && !allowed) this.desk.toasts.show("This browser does not let the page show messages beside it", "warn");
    this.book.set({ notify: allowed });
    this.changed.emit();
  }

  private async made(asked: Promise<string | null>): Promise<void> {
    const refusal = await asked;
    if (refusal) this.desk.toasts.show(refusal, "bad");
    await this.load();
  }

  private async load(): Promise<void> {
    const rings = await this.book.load();
    for (const { text } of rings ?? []) this.tell(text, "info", true);
    if (rings) this.changed.emit();
  }

  private tell(text: string, level: Level, isRing = false): void {
    this.desk.toasts.show(text, level);
    if (this.book.settings.sound) chime();
    if (isRing && this.book.settings.notify && Notification.permission === "granted") new Notification("Candlewick", { body: text });
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
