// Pivot points: levels of a day, from the high, low and close of the day before.

import type { Columns } from "../chart/columns";
import type { Program, Values } from "../chart/program";
import { define, type Sessions } from "./definition";
import { AMBER, CRIMSON, steps, TEAL } from "./style";

type Levels = Readonly<Record<"r3" | "r2" | "r1" | "s1" | "s2" | "s3", (pivot: number, high: number, low: number) => number>>;

/** Each level, given the pivot (the mean of high, low and close), the high and the low of the day before. */
const KINDS: Readonly<Record<string, Levels>> = {
  traditional: {
    r1: (p, _, low) => 2 * p - low,
    s1: (p, high) => 2 * p - high,
    r2: (p, high, low) => p + (high - low),
    s2: (p, high, low) => p - (high - low),
    r3: (p, high, low) => 2 * p + (high - 2 * low),
    s3: (p, high, low) => 2 * p - (2 * high - low),
  },
  Fibonacci: {
    r1: (p, high, low) => p + 0.382 * (high - low),
    s1: (p, high, low) => p - 0.382 * (high - low),
    r2: (p, high, low) => p + 0.618 * (high - low),
    s2: (p, high, low) => p - 0.618 * (high - low),
    r3: (p, high, low) => p + (high - low),
    s3: (p, high, low) => p - (high - low),
  },
};

/**
 * Pivot, three resistances and three supports of each UTC day (TradingView's Pivot Points Standard, by day).
 *
 * A day whose day before is not loaded from its start has none, because they would change as history loads.
 */
export const PIVOTS = define({
  id: "pivots",
  title: "Pivot Points",
  short: "Pivots",
  pane: "main",
  unit: "price",
  parameters: { kind: { kind: "choice", title: "Kind", fallback: "traditional", choices: ["traditional", "Fibonacci"] as const } },
  outputs: {
    r3: steps("R3", CRIMSON),
    r2: steps("R2", CRIMSON),
    r1: steps("R1", CRIMSON),
    s1: steps("S1", TEAL),
    s2: steps("S2", TEAL),
    s3: steps("S3", TEAL),
    pivot: steps("P", AMBER),
  },
  guides: [],
  history: () => "session",
  build: (program, bars, { kind }, sessions) => {
    const [high, low, close] = dayBefore(program, bars, sessions);
    const pivot = program.series((i) => (high[i]! + low[i]! + close[i]!) / 3);
    const levels = KINDS[kind]!;
    const level = (name: keyof Levels) => program.series((i) => levels[name](pivot[i]!, high[i]!, low[i]!));
    return { r3: level("r3"), r2: level("r2"), r1: level("r1"), s1: level("s1"), s2: level("s2"), s3: level("s3"), pivot };
  },
});

/** High, low and close of the session before each bar's. */
function dayBefore(program: Program, { time, high, low, close }: Columns, sessions: Sessions): [Values, Values, Values] {
  const opens = (i: number) => sessions.key(i > 0 ? time[i - 1]! : time[0]! - 1) !== sessions.key(time[i]!);
  const soFar = (values: Values, pick: (a: number, b: number) => number) =>
    program.series((i, own) => (opens(i) ? values[i]! : i === 0 ? NaN : pick(own[i - 1]!, values[i]!)));
  const last = (values: Values) => program.series((i, own) => (i === 0 ? NaN : opens(i) ? values[i - 1]! : own[i - 1]!));
  const [highs, lows] = [soFar(high, Math.max), soFar(low, Math.min)];
  // The close counts only where the whole day is known, as its high is.
  const closes = program.series((i) => close[i]! + 0 * highs[i]!);
  return [last(highs), last(lows), last(closes)];
}
