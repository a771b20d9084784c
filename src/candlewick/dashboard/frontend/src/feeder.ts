// Feeds a chart with one series: its history by pages, its newest bars as they change, and both made one.

import type { Bar } from "./bar";
import type { Series } from "./config";
import { type History, NotReadyError } from "./history";
import type { Live, Status, Tick } from "./live";
import { BarStore, type Change } from "./store";

const FIRST_PAGE = 1_500;
const OLDER_PAGE = 2_000;
const LARGEST_PAGE = 5_000;
/** More bars than this make every paint slow; a coarser timeframe shows them better. */
const MOST_BARS = 20_000;
const RETRY_AFTER = 1_000;
/** History that grows is fetched again at most this often. */
const REFRESH_AFTER = 1_500;

/** What a feeder draws on. */
export interface Screen {
  open(bars: Bar[]): void;
  rebuild(bars: Bar[]): void;
  update(changed: Bar[], bars: Bar[]): void;
}

export class Feeder {
  store = new BarStore();

  private series: Series | null = null;
  private aborter = new AbortController();
  private state: "empty" | "loading" | "loaded" = "empty";
  private pending: Bar[] = [];
  private more = false;
  private fetching = false;
  private stamp = "";
  private timer = 0;

  constructor(
    private readonly history: History,
    private readonly live: Live,
    private readonly screen: Screen,
  ) {}

  get isLoaded(): boolean {
    return this.state === "loaded";
  }

  /** Show another series. */
  open(series: Series): void {
    this.stop();
    this.aborter = new AbortController();
    this.series = series;
    this.store = new BarStore();
    this.state = "empty";
    this.pending = [];
    this.stamp = "";
    this.live.follow(series);
    void this.load();
  }

  stop(): void {
    this.aborter.abort();
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.fetching = false;
  }

  /** Take bars from the live connection. */
  take(tick: Tick): void {
    if (this.isLoaded) this.draw(this.store.merge(tick.bars));
    else this.pending.push(...tick.bars);
  }

  /** Take a status: history that was not there may be there now, or may have grown. */
  heed(status: Status): void {
    if (this.state === "empty" && status.source !== "waiting") void this.load();
    if (this.stamp && this.stamp !== status.stamp) this.refreshSoon();
    this.stamp = status.stamp;
  }

  /** Fetch again what is loaded: bars may have been missed, or come before the first. */
  async refresh(): Promise<void> {
    if (!this.isLoaded) return;
    const known = Math.min(LARGEST_PAGE, Math.max(FIRST_PAGE, this.store.bars.length));
    await this.fetch(known, undefined, (bars) => this.draw(this.store.merge(bars)));
  }

  /** Fetch bars older than the first, where there are any. */
  async older(): Promise<void> {
    if (!this.isLoaded || !this.more || this.fetching || this.store.bars.length >= MOST_BARS) return;
    await this.fetch(OLDER_PAGE, this.store.first?.time, (bars) => this.draw(this.store.merge(bars)));
  }

  private refreshSoon(): void {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      void this.refresh();
    }, REFRESH_AFTER);
  }

  private async load(): Promise<void> {
    this.state = "loading";
    await this.fetch(FIRST_PAGE, undefined, (bars) => {
      if (bars.length === 0) return;
      this.store.merge(bars);
      this.store.merge(this.pending);
      this.pending = [];
      this.state = "loaded";
      this.screen.open(this.store.bars);
    });
    if (this.state === "loading") this.state = "empty";
  }

  /** Fetch one page and use it, unless another series was opened meanwhile. */
  private async fetch(limit: number, before: number | undefined, use: (bars: Bar[]) => void): Promise<void> {
    const { signal } = this.aborter;
    if (!this.series) return;
    this.fetching = true;
    try {
      const page = await this.history.page(this.series, limit, signal, before);
      if (signal.aborted) return;
      // Whether there are older bars is what the page with the oldest bar says.
      if ((page.bars[0]?.time ?? Infinity) <= (this.store.first?.time ?? Infinity)) this.more = page.more;
      use(page.bars);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    } finally {
      if (!signal.aborted) this.fetching = false;
    }
  }

  /** Before the first bars the status says when to try again; after a lost server the reconnection does. */
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
