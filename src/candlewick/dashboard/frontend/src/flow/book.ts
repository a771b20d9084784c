// The footprints of a chart's bars: what the server made of the warehouse, carried on by contiguous trade ids. Pure.
//
// Like a live bar, a live footprint is never a guess: a trade is counted only where the ids before it are.

import type { Trade } from "../data/trade";
import { Cells } from "./cells";

/** `live` is carried on from here; the others are the server's words. */
export type Standing = "proved" | "mismatch" | "incomplete" | "pending" | "no_oracle" | "forming" | "live";

export interface FlowBar {
  /** Open time in seconds. */
  readonly time: number;
  readonly cells: Cells;
  readonly standing: Standing;
}

/** So many trades are kept for the warehouse to catch up with, and up to twice as many now and then. */
const HELD = 50_000;

export class FlowBook {
  private readonly settled = new Map<number, FlowBar>();
  private readonly carried = new Map<number, FlowBar>();
  private readonly played = new Map<number, FlowBar>();
  private playedFrom: number | null = null;
  private held: Trade[] = [];
  private lastSettled: bigint | null = null;
  private lastId: bigint | null = null;

  /** `opens` tells the open time, in seconds, of the bar that holds an instant in µs. */
  constructor(
    private readonly step: bigint,
    private readonly opens: (micros: number) => number,
  ) {}

  /** The newest id counted. */
  get newestId(): bigint | null {
    return this.lastId;
  }

  at(time: number): FlowBar | undefined {
    if (this.playedFrom !== null && time >= this.playedFrom) return this.played.get(time);
    return this.carried.get(time) ?? this.settled.get(time);
  }

  /** Take what the server says of some bars; newer trades are counted on top of it. */
  settle(bars: readonly FlowBar[]): void {
    for (const bar of bars) {
      this.settled.set(bar.time, bar);
      const { lastId } = bar.cells;
      if (lastId !== null && lastId > (this.lastSettled ?? -1n)) this.lastSettled = lastId;
    }
    const settled = this.lastSettled;
    if (settled !== null) this.held = this.held.filter(({ id }) => id > settled);
    this.recount();
  }

  /** Take newer trades, ascending by id. After a hole they wait for the server to pass it. */
  take(trades: readonly Trade[]): void {
    const known = this.held.at(-1)?.id ?? this.lastSettled ?? -1n;
    const fresh = trades.filter(({ id }) => id > known);
    for (const trade of fresh) this.held.push(trade);
    if (this.held.length > 2 * HELD) this.held.splice(0, this.held.length - HELD);
    this.count(fresh);
  }

  /** Show what is played from an instant (s) on, in place of what is known of bars from then on; null ends that. */
  replayFrom(time: number | null): void {
    this.playedFrom = time;
    this.played.clear();
  }

  /** Count a trade of a replay. A hole in the tape does not stop it, as it does not stop the replay's bars. */
  play(trade: Trade): void {
    const time = this.opens(trade.time);
    if (this.playedFrom === null || time < this.playedFrom) return;
    let bar = this.played.get(time);
    if (!bar) this.played.set(time, (bar = { time, cells: new Cells(this.step), standing: "live" }));
    bar.cells.add(trade);
  }

  private recount(): void {
    this.carried.clear();
    this.lastId = this.lastSettled;
    this.count(this.held);
  }

  private count(trades: readonly Trade[]): void {
    for (const trade of trades) {
      if (this.lastId !== null && trade.id <= this.lastId) continue;
      if (this.lastId !== null && trade.id > this.lastId + 1n) return;
      this.cellsFor(this.opens(trade.time)).add(trade);
      this.lastId = trade.id;
    }
  }

  private cellsFor(time: number): Cells {
    let bar = this.carried.get(time);
    if (!bar) {
      const cells = this.settled.get(time)?.cells.copy() ?? new Cells(this.step);
      bar = { time, cells, standing: "live" };
      this.carried.set(time, bar);
    }
    return bar.cells;
  }
}
