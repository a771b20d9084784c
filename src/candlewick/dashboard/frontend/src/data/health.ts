// The state of the chart's data, in one word, and how fresh it is.

import type { Status, Tick } from "./live";

/**
 * live: the feed carries the forming bar. quiet: it does, but brought nothing for some seconds. incomplete: it goes on
 * over a hole. delayed: it brings nothing newer than the warehouse. away: it is gone, however old the newest event is.
 * settled: so it is, and all bars are the warehouse's. stale: the newest event is old. waiting: there are no bars yet. lost: there is no connection.
 * replay: the bars on screen are of the past, on purpose.
 */
export type Health = "live" | "quiet" | "incomplete" | "delayed" | "away" | "settled" | "stale" | "waiting" | "lost" | "replay";

/** After so many ms without an event the feed is quiet, and the newest bar stale. */
const QUIET_AFTER = 5_000;
const STALE_AFTER = 60_000;
/** Below this age, in ms, trades follow each other, and what tells is how late they arrive. */
const FLOWING = 1_000;

/** Whether an event of that age, in ms, is old. */
export function isOld(age: number | null): boolean {
  return age !== null && age > STALE_AFTER;
}

/** `age` is that of the newest event, in ms; null where none is known. */
export function healthOf(isConnected: boolean, status: Status | null, age: number | null, isReplaying = false): Health {
  if (!isConnected) return "lost";
  if (isReplaying) return "replay";
  if (!status || status.source === "waiting") return "waiting";
  if (status.source === "away" || status.source === "settled") return status.source;
  if (isOld(age)) return "stale";
  if (status.source === "mart") return "delayed";
  if (age !== null && age > QUIET_AFTER) return "quiet";
  return status.source === "ahead" ? "incomplete" : "live";
}

/** How old the newest event on screen is. It grows with the clock, whether anything arrives or not. */
export class Freshness {
  private event = 0;
  private latency: number | null = null;

  /** Note the newest event of a status, in ms of the server's clock. */
  heed({ event }: Status): void {
    this.event = Math.max(this.event, event ?? 0);
  }

  /** Note a tick that is on screen now. */
  drew({ event }: Tick, now: number): void {
    if (event === 0) return;
    this.event = Math.max(this.event, event);
    this.latency = this.latency === null ? now - event : 0.8 * this.latency + 0.2 * (now - event);
  }

  /** The age of the newest event in ms; null where none is known. */
  age(now: number): number | null {
    return this.event > 0 ? Math.max(0, now - this.event) : null;
  }

  /** What to show: while trades flow how late they arrive, else how old the newest is; in ms. */
  shown(now: number): number | null {
    const age = this.age(now);
    return age !== null && age < FLOWING && this.latency !== null ? this.latency : age;
  }
}
