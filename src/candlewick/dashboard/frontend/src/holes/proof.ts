// What is proven of a tape: the audit's verdicts, and the holes. Pure.

import { indexAt } from "../chart/columns";
import { type Bar, State } from "../data/bar";

export type Verdict = "match" | "mismatch" | "pending" | "no_oracle";

/** A bar's standing: its verdict, or that it is still forming, or that it is not proven whole. */
export type Standing = Verdict | "forming" | "incomplete";

/** Trade ids that are missing between two trades; times in seconds since the epoch. */
export interface Hole {
  readonly first: number;
  readonly last: number;
  readonly state: "open" | "declared";
  readonly from: number;
  readonly to: number;
}

/** `[from, to, verdict]`: minutes in a row with one verdict, in seconds, `to` exclusive. */
export type VerdictSpan = readonly [from: number, to: number, verdict: Verdict];

export interface Told {
  readonly holes: readonly Hole[];
  readonly verdicts: readonly VerdictSpan[];
}

export class Proof {
  readonly holes: readonly Hole[];
  private readonly spans: readonly VerdictSpan[];
  private readonly ends: readonly number[];

  constructor({ holes, verdicts }: Told = { holes: [], verdicts: [] }) {
    this.holes = holes;
    this.spans = verdicts;
    this.ends = verdicts.map(([, to]) => to);
  }

  /** The standing of a bar of so many seconds. A mismatch in any of its minutes is a mismatch of the bar. */
  standing(bar: Bar, seconds: number): Standing {
    const verdict = this.verdict(bar.time, bar.time + seconds);
    if (verdict === "mismatch") return verdict;
    if (bar.state === State.Forming) return "forming";
    if (bar.state !== State.Complete && verdict !== "match") return "incomplete";
    return verdict;
  }

  /** The worst verdict on the minutes of a period; a minute without one is pending. */
  private verdict(from: number, to: number): Verdict {
    let reached = from - (from % 60);
    let worst: Verdict = "match";
    for (let index = indexAt(this.ends, reached + 1); reached < to; index++) {
      const [start, end, verdict] = this.spans[index] ?? [Infinity, Infinity, "pending" as const];
      const judged = start > reached ? "pending" : verdict;
      if (RANK[judged] > RANK[worst]) worst = judged;
      if (start >= to) break;
      reached = end;
    }
    return worst;
  }
}

const RANK: Record<Verdict, number> = { match: 0, no_oracle: 1, pending: 2, mismatch: 3 };
