// The footprints of one chart: fetched for what is on screen, carried on live, and played in a replay.

import { numberOf, scaled } from "../data/amount";
import { intervalOf, secondsOf } from "../data/timeframes";
import type { Trade } from "../data/trade";
import type { Stage } from "../desk/stage";
import { Signal } from "../signal";
import { clockOf } from "../zone";
import { fetchFootprints, type Span } from "./answers";
import { FlowBook, type FlowBar } from "./book";
import { stepAtLeast } from "./cells";

/** Bars fetched beside those on screen, and the most at once. */
const BESIDE = 20;
const MOST = 400;
/** The view rests for this long, in ms, before more is fetched. */
const REST = 120;
/** The newest bars are asked for again this often, in ms, until each is proved. */
const AGAIN = 2_000;
const NEWEST = 8;
/** A bar as high as most has about so many levels. */
const LEVELS = 60;

export class FlowSource {
  /** Cells changed. */
  readonly changed = new Signal();
  /** Trades came, live or played. */
  readonly printed = new Signal<readonly Trade[]>();

  private book: FlowBook | null = null;
  private step = 1n;
  private known = new Set<number>();
  private aborter = new AbortController();
  private isFetching = false;
  private leave = () => {};
  private timer = 0;
  private rest = 0;
  private replayed: number | null = null;

  constructor(private readonly stage: Stage) {
    stage.opened.on(() => this.restart());
    stage.chart.view.moved.on(() => this.look());
    stage.replayed.on((time) => this.replay(time));
    stage.played.on((trades) => this.play(trades));
  }

  get isOn(): boolean {
    return this.book !== null;
  }

  at(time: number): FlowBar | undefined {
    return this.book?.at(time);
  }

  start(): void {
    if (this.book || !this.stage.bars.length) return;
    const { series, desk } = this.stage;
    if (secondsOf(series.timeframe) < 60) return;
    this.book = new FlowBook((this.step = this.stepFor()), this.opener());
    this.known.clear();
    this.book.replayFrom(this.replayed);
    this.leave = desk.live.followTape(series.symbol, (trades) => this.take(trades));
    this.timer = window.setInterval(() => void this.refresh(), AGAIN);
    void this.fetch();
  }

  stop(): void {
    this.leave();
    this.leave = () => {};
    window.clearInterval(this.timer);
    window.clearTimeout(this.rest);
    this.aborter.abort();
    this.book = null;
    this.isFetching = false;
  }

  private restart(): void {
    const was = this.isOn;
    this.stop();
    this.aborter = new AbortController();
    if (was) this.start();
  }

  private take(trades: readonly Trade[]): void {
    this.book?.take(trades);
    if (this.replayed !== null) return;
    this.printed.emit(trades);
    this.changed.emit();
  }

  private replay(time: number | null): void {
    this.replayed = time;
    this.book?.replayFrom(time);
    this.changed.emit();
  }

  private play(trades: readonly Trade[]): void {
    for (const trade of trades) this.book?.play(trade);
    this.printed.emit(trades);
    this.changed.emit();
  }

  private look(): void {
    if (!this.book) return;
    window.clearTimeout(this.rest);
    this.rest = window.setTimeout(() => void this.fetch(), REST);
  }

  /** Fetch the bars on screen that are not known. */
  private async fetch(): Promise<void> {
    const { bars, chart } = this.stage;
    const range = chart.view.range();
    if (!this.book || !range || bars.length === 0) return;
    const last = Math.min(bars.length - 1, Math.ceil(range.to) + BESIDE);
    const first = Math.max(0, Math.floor(range.from) - BESIDE, last - MOST + 1);
    const missing = bars.slice(first, last + 1).filter(({ time }) => !this.known.has(time));
    if (missing.length > 0) await this.ask(missing[0]!.time, missing.at(-1)!.time);
  }

  /** Ask again for the newest bars: the warehouse made more of them, or proved them. */
  private async refresh(): Promise<void> {
    const { bars, feeder } = this.stage;
    if (document.hidden || this.replayed !== null || !feeder.isAtHead) return;
    const open = bars.slice(-NEWEST).find(({ time }) => this.at(time)?.standing !== "proved");
    if (open) await this.ask(open.time, bars.at(-1)!.time);
  }

  private async ask(first: number, last: number): Promise<void> {
    const { config, series } = this.stage;
    if (this.isFetching) return this.look();
    this.isFetching = true;
    const { book, aborter: { signal } } = this;
    const span: Span = { since: first, before: last + 1 };
    try {
      const told = await fetchFootprints(config.base, series, span, String(this.stepText()), signal);
      if (!told || signal.aborted || book !== this.book) return;
      const newest = this.stage.feeder.newest?.time ?? Infinity;
      for (const { time } of this.stage.bars) if (time >= first && time <= last && time < newest) this.known.add(time);
      book?.settle(told.bars);
      this.changed.emit();
    } catch (error) {
      // The server is away, which the status bar tells; the next look asks again.
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
    } finally {
      if (!signal.aborted) this.isFetching = false;
    }
  }

  /** As the server writes it. */
  private stepText(): string {
    return numberOf(this.step).toFixed(8);
  }

  /** A step that gives most bars some dozens of levels, and is no smaller than the prices' own. */
  private stepFor(): bigint {
    const { bars, chart } = this.stage;
    const heights = bars.slice(-200).map(({ high, low }) => high - low).sort((a, b) => a - b);
    const usual = heights[Math.floor(heights.length * 0.75)] ?? 0;
    const tick = 10 ** -chart.decimals;
    return stepAtLeast(scaled(Math.max(usual / LEVELS, tick).toFixed(8)));
  }

  private opener(): (micros: number) => number {
    const { config, series } = this.stage;
    const interval = intervalOf(series.timeframe, clockOf(config.dayZone));
    return (micros) => interval(micros)[0] / 1e6;
  }
}
