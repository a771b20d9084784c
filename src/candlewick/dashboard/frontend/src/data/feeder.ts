// Feeds a chart with one series: merges pages of its history with the bars that arrive live.

import type { Bar } from "./bar";
import type { SeriesKey } from "./config";
import { secondsOf } from "./timeframes";
import { type History, NotReadyError, type Range } from "./history";
import type { Follower, Live, Status, Tick } from "./live";
import { BarStore, type Change } from "./store";

const FIRST_PAGE = 1_500;
const OLDER_PAGE = 2_000;
const LARGEST_PAGE = 5_000;
/** More bars than this make every paint slow, so the ones farthest from the view are dropped. */
const MOST_BARS = 20_000;
const RETRY_AFTER = 1_000;
/** History that grows is fetched again at most this often, in ms. */
const REFRESH_AFTER = 1_500;

/** What a feeder draws on. */
export interface Screen {
  open(bars: readonly Bar[]): void;
  rebuild(bars: readonly Bar[]): void;
  update(changed: readonly Bar[], bars: readonly Bar[]): void;
}

/** A screen that is also told what came over the live connection, after it was drawn. */
export interface LiveScreen extends Screen {
  took(tick: Tick): void;
  heard(status: Status): void;
}

export class Feeder implements Follower {
  store = new BarStore();
  /** Whether the newest bars are among those loaded. */
  isAtHead = true;

  private series: SeriesKey | null = null;
  private aborter = new AbortController();
  private state: "empty" | "loading" | "loaded" = "empty";
  private pending: Bar[] = [];
  private more = false;
  private fetching = false;
  private stamp = "";
  private timer = 0;
  private heardLast: Bar | undefined;
  /** Bars in a page towards the newest: fewer where the server has to roll up many candles for each. */
  private newerPage = OLDER_PAGE;
  private leave = () => {};
  private readonly forget: () => void;

  constructor(
    private readonly history: History,
    private readonly live: Live,
    private readonly screen: LiveScreen,
  ) {
    this.forget = live.connection.on((isConnected) => isConnected && void this.refresh());
  }

  dispose(): void {
    this.forget();
    this.stop();
  }

  get isLoaded(): boolean {
    return this.state === "loaded";
  }

  /** Whether there are bars older than those loaded. */
  get hasOlder(): boolean {
    return this.more;
  }

  /** The newest bar there is, even when the bars before it are not loaded. */
  get newest(): Bar | undefined {
    return this.isAtHead ? this.store.last : (this.heardLast ?? this.store.last);
  }

  /** Show another series: its newest bars, or those around an instant (s). */
  open(series: SeriesKey, around: number | null = null): void {
    this.stop();
    this.aborter = new AbortController();
    this.series = series;
    this.store = new BarStore();
    this.isAtHead = true;
    this.heardLast = undefined;
    this.newerPage = OLDER_PAGE;
    this.state = "empty";
    this.pending = [];
    this.stamp = "";
    this.leave = this.live.follow(series, this);
    // Before the warehouse has anything there is nothing to ask for: a status tells when.
    if (this.live.hasCandles) void this.load(around);
  }

  stop(): void {
    this.leave();
    this.aborter.abort();
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.fetching = false;
  }

  /** Take bars from the live connection. */
  take(tick: Tick): void {
    this.heardLast = tick.bars.at(-1) ?? this.heardLast;
    if (!this.isLoaded) this.pending.push(...tick.bars);
    else if (this.isAtHead) this.draw(this.store.merge(tick.bars));
    this.screen.took(tick);
  }

  /** Take a status. It tells when there are first bars, and when history has grown. */
  heed(status: Status): void {
    if (this.state === "empty" && status.source !== "waiting") void this.load();
    if (this.stamp && this.stamp !== status.stamp) this.refreshSoon();
    this.stamp = status.stamp;
    this.screen.heard(status);
  }

  /** Fetch again what is loaded, since bars may have been missed meanwhile. */
  async refresh(): Promise<void> {
    if (!this.isLoaded) return;
    const limit = Math.min(LARGEST_PAGE, Math.max(FIRST_PAGE, this.store.bars.length));
    const before = this.isAtHead ? {} : { before: this.store.last!.time + 1 };
    await this.fetch({ limit, ...before }, (bars) => this.draw(this.store.merge(bars)));
  }

  /** Fetch bars older than the first, if there are any. Where there would be too many bars the newest are dropped. */
  async older(): Promise<void> {
    if (!this.isLoaded || !this.more || this.fetching) return;
    await this.fetch({ limit: OLDER_PAGE, before: this.store.first!.time }, (bars) => {
      const change = this.store.merge(bars);
      if (this.store.keepFirst(MOST_BARS)) this.isAtHead = false;
      this.draw(change);
    });
  }

  /** Fetch bars newer than the last, if they were dropped. Now the oldest are dropped instead. */
  async newer(): Promise<void> {
    if (!this.isLoaded || this.isAtHead || this.fetching) return;
    const since = this.store.last!.time + 1;
    const before = since + this.newerPage * secondsOf(this.series!.timeframe);
    let isShort = false;
    await this.fetch({ limit: this.newerPage, since, before }, (bars, more) => {
      isShort = more && bars.length < this.newerPage;
      if (isShort) return void (this.newerPage = bars.length);
      const change = this.store.merge(bars);
      if (this.store.keepLast(MOST_BARS)) this.more = true;
      this.isAtHead = before * 1_000 > this.live.serverNow();
      this.draw(change);
    });
    if (isShort) await this.newer();
    else if (this.isAtHead) await this.refresh();
  }

  /** Load the bars around an instant (s), unless they are loaded already. */
  async reach(time: number): Promise<void> {
    const { first, last } = this.store;
    if (!this.isLoaded || (time >= first!.time && (this.isAtHead || time <= last!.time))) return;
    if (this.endAround(time) === null) await this.toHead();
    else await this.load(time);
  }

  /** Load the newest bars, if they were dropped. */
  async toHead(): Promise<void> {
    if (!this.isAtHead) await this.load();
  }

  private refreshSoon(): void {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.refresh();
    }, REFRESH_AFTER);
  }

  /** Load the newest page, or the page around an instant (s), in place of what is loaded. */
  private async load(around: number | null = null): Promise<void> {
    const before = around === null ? null : this.endAround(around);
    const known = this.state;
    this.state = "loading";
    await this.fetch({ limit: FIRST_PAGE, ...(before !== null && { before }) }, (bars, more) => {
      if (bars.length === 0) return;
      this.store = new BarStore();
      this.store.merge(bars);
      this.more = more;
      this.isAtHead = before === null;
      if (this.isAtHead) this.store.merge(this.pending);
      this.pending = [];
      this.state = "loaded";
      this.screen.open(this.store.bars);
    });
    if (this.state === "loading") this.state = known === "loaded" ? known : "empty";
  }

  /** Where the page around an instant ends, in s; null where that is the newest page. */
  private endAround(time: number): number | null {
    const before = Math.ceil(time + (FIRST_PAGE / 2) * secondsOf(this.series!.timeframe));
    return before * 1_000 > this.live.serverNow() ? null : before;
  }

  /** Fetch one page and use it, unless another series was opened meanwhile. */
  private async fetch(range: Range, use: (bars: Bar[], more: boolean) => void): Promise<void> {
    const { signal } = this.aborter;
    if (!this.series) return;
    this.fetching = true;
    try {
      const page = await this.history.page(this.series, range, signal);
      if (signal.aborted) return;
      // Only the page with the oldest bar knows whether there are older ones.
      if ((page.bars[0]?.time ?? Infinity) <= (this.store.first?.time ?? Infinity)) this.more = page.more;
      use(page.bars, page.more);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    } finally {
      if (!signal.aborted) this.fetching = false;
    }
  }

  /** Try again later, unless that is left to the next status (no bars yet) or to the next connection (server lost). */
  private failed(error: unknown): void {
    if (error instanceof NotReadyError || error instanceof TypeError) return;
    console.error(error);
    window.setTimeout(() => void this.refresh(), RETRY_AFTER);
  }

  private draw(change: Change): void {
    if (change.kind === "rebuild") this.screen.rebuild(this.store.bars);
    if (change.kind === "tail") this.screen.update(change.bars, this.store.bars);
  }
}
