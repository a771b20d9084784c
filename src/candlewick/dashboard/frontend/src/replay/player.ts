// Plays the tape onto the screen trade by trade, at any speed.

import type { Bar } from "../data/bar";
import type { Screen } from "../data/feeder";
import type { Interval } from "../data/timeframes";
import type { Trade } from "../data/trade";
import { BarBuilder } from "./builder";
import type { Tape } from "./tape";

/** Time between two frames counts up to this, in ms, so that a tab that slept does not jump ahead. */
const LONGEST_STEP = 250;

/** The clock of a replay: how far the tape's time is, at any speed. Pure: the wall clock comes in from outside. */
export class Pace {
  /** The tape's time, in µs since the epoch. */
  now: number;
  speed = 1;
  isPlaying = false;
  private seenAt = 0;

  constructor(now: number) {
    this.now = now;
  }

  play(wall: number): void {
    this.isPlaying = true;
    this.seenAt = wall;
  }

  pause(): void {
    this.isPlaying = false;
  }

  /** Advance the tape's time to a moment of the wall clock (ms), not beyond `limit` (µs): trades up to it are here. */
  pass(wall: number, limit = Infinity): void {
    if (!this.isPlaying) return;
    const passed = Math.min(LONGEST_STEP, Math.max(0, wall - this.seenAt));
    this.seenAt = wall;
    this.now = Math.max(this.now, Math.min(this.now + passed * 1e3 * this.speed, limit));
  }
}

/** At most this many trades are taken in a frame, so that the screen stays smooth; the tape's clock waits. */
const MOST = 20_000;

export class Player {
  /** The newest trade on screen. */
  last: Trade | null = null;
  /** Called when something changed: a trade, the pace, the end of the tape. */
  onChange: () => void = () => {};
  /** Called with the trades that were played, when they are drawn. */
  onPlayed: (trades: readonly Trade[]) => void = () => {};

  readonly pace: Pace;
  private readonly builder: BarBuilder;
  private readonly bars: Bar[];
  private readonly known: number;
  private frame = 0;
  private undrawn: Trade[] = [];

  /** `before` are the bars before the replay's first. */
  constructor(
    private readonly screen: Screen,
    private readonly tape: Tape,
    before: readonly Bar[],
    interval: Interval,
    isSparse: boolean,
    from: number,
  ) {
    this.pace = new Pace(from * 1e6);
    this.builder = new BarBuilder(interval, isSparse);
    this.bars = [...before];
    this.known = before.length;
    screen.rebuild(this.bars);
  }

  /** Whether it plays but waits for trades that have not arrived. */
  get isWaiting(): boolean {
    return this.pace.isPlaying && !this.tape.isAtEnd && !this.tape.peek();
  }

  get isAtEnd(): boolean {
    return this.tape.isAtEnd && !this.tape.peek();
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.tape.close();
  }

  toggle(): void {
    if (this.pace.isPlaying) this.pace.pause();
    else this.play();
    this.onChange();
  }

  /** Take one trade, however long after the last it was. */
  async step(): Promise<void> {
    this.pace.pause();
    await this.tape.ready();
    const trade = this.tape.take();
    if (trade) this.draw(this.add(trade));
    this.onChange();
  }

  /** Take every trade up to an instant of the tape (µs) at once, or up to an id: many trades share an instant. */
  async skipTo(time: number, last: bigint | null = null): Promise<void> {
    this.pace.pause();
    const isDue = () => {
      const next = this.tape.peek();
      return next !== undefined && (last === null ? next.time <= time : next.id <= last);
    };
    for (let from = Infinity; ; from = Infinity) {
      await this.tape.ready();
      for (let taken = 0; taken < MOST && isDue(); taken++) from = Math.min(from, this.add(this.tape.take()!));
      if (from === Infinity) break;
      this.draw(from);
    }
    this.pace.now = Math.max(this.pace.now, time);
    this.onChange();
  }

  setSpeed(speed: number): void {
    this.pace.speed = speed;
    this.onChange();
  }

  private play(): void {
    this.pace.play(performance.now());
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.look());
  }

  private look(): void {
    if (!this.pace.isPlaying) return;
    // The clock stands still while no trade has arrived, so that none comes too late to be shown.
    this.pace.pass(performance.now(), this.tape.peek() || this.tape.isAtEnd ? Infinity : this.pace.now);
    let from = Infinity;
    for (let taken = 0; taken < MOST && (this.tape.peek()?.time ?? Infinity) <= this.pace.now; taken++)
      from = Math.min(from, this.add(this.tape.take()!));
    if (from !== Infinity) this.draw(from);
    this.onChange();
    this.frame = requestAnimationFrame(() => this.look());
  }

  private add(trade: Trade): number {
    this.last = trade;
    this.undrawn.push(trade);
    this.pace.now = Math.max(this.pace.now, trade.time);
    return this.builder.add(trade);
  }

  private draw(from: number): void {
    this.bars.length = this.known + Math.min(from, this.bars.length - this.known);
    const changed = this.builder.bars.slice(from);
    this.bars.push(...changed);
    this.screen.update(changed, this.bars);
    this.onPlayed(this.undrawn);
    this.undrawn = [];
  }
}
