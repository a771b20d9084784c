// Volume-weighted average price since the session's start.

import type { Columns } from "../chart/columns";
import type { Values } from "../chart/program";
import { define, type Sessions, type Sums } from "./definition";
import { price, sourceOf } from "./parameters";
import { CYAN, line } from "./style";

/**
 * Sum of price times volume over sum of volume, both since the session's start (`ta.vwap`, source hlc3).
 *
 * A session whose start is not loaded has no VWAP, because it would change as history loads; unless `sessions.before`
 * knows what was traded before the first bar. Nor is there one before the session's first volume.
 */
export const VWAP = define({
  id: "vwap",
  title: "Volume Weighted Average Price",
  short: "VWAP",
  pane: "main",
  unit: "price",
  parameters: { source: price("hlc3") },
  outputs: { vwap: line("VWAP", CYAN) },
  guides: [],
  history: () => "session",
  build: (program, bars, { source }, sessions) => {
    const paid = sourceOf(program, bars, source);
    const sums = (field: keyof Sums, added: (index: number) => number): Values =>
      program.series((i, own) => added(i) + (isStart(bars.time, i, sessions) ? 0 : known(bars, i, own, field, sessions)));
    const money = sums("money", (i) => paid[i]! * bars.volume[i]!);
    const volume = sums("volume", (i) => bars.volume[i]!);
    return { vwap: program.series((i) => money[i]! / volume[i]!) };
  },
});

/** The sums over some bars: for `Sessions.before` to answer with, from coarser bars. */
export function sumsOf(bars: Columns): Sums {
  let [money, volume] = [0, 0];
  for (let i = 0; i < bars.time.length; i++) {
    money += ((bars.high[i]! + bars.low[i]! + bars.close[i]!) / 3) * bars.volume[i]!;
    volume += bars.volume[i]!;
  }
  return { money, volume };
}

/** Whether a bar opens its session. Of the first bar loaded we know only if the instant before it is in another one. */
function isStart(time: Columns["time"], index: number, sessions: Sessions): boolean {
  const before = index > 0 ? time[index - 1]! : time[0]! - 1;
  return sessions.key(before) !== sessions.key(time[index]!);
}

function known(bars: Columns, index: number, own: Values, field: keyof Sums, sessions: Sessions): number {
  return index > 0 ? own[index - 1]! : (sessions.before?.(bars.time[0]!)?.[field] ?? NaN);
}
