// What an indicator is: a title, parameters, outputs with a look, and the rules that compute them.

import type { Columns } from "../chart/columns";
import type { Program, Values } from "../chart/program";
import type { Parameters, ParameterValues } from "./parameters";
import type { Output } from "./style";

const DAY = 86_400;

/** Price times volume, and volume, over some bars. */
export interface Sums {
  readonly money: number;
  readonly volume: number;
}

/** VWAP starts again with each session. In a market that never closes, a session is a day of some zone. */
export interface Sessions {
  /** The session of an open time (seconds, UTC); bars with equal keys share it. */
  key(time: number): number;
  /** Sums over the session of `time` before `time`, where known: from coarser bars than those on the chart, say. */
  before?(time: number): Sums | null;
}

/** Days of a zone, given its wall clock: seconds since the epoch to wall time as if it were UTC. */
export function daysOf(wall: (time: number) => number): Sessions {
  return { key: (time) => Math.floor(wall(time) / DAY) };
}

/** Days in UTC, as exchanges for crypto count them. */
export const UTC_DAYS: Sessions = daysOf((time) => time);

/** Where an indicator is drawn: over the candles, over the volume, or in a pane of its own. */
export type Pane = "main" | "volume" | "own";

/** How its values read: as prices, as amounts of the base asset, or as a number of 0..100. */
export type Unit = "price" | "amount" | "percent";

/**
 * How many bars before the first one shown its value depends on: a number, the whole session, or all there are.
 * For recursive averages, the number after which the start weighs less than a millionth.
 */
export type History = number | "session" | "all";

export interface Definition<P extends Parameters = Parameters, Name extends string = string> {
  /** As in a URL: `rsi`. */
  readonly id: string;
  /** As in a menu: `Relative Strength Index`. */
  readonly title: string;
  /** As in a legend: `RSI`. */
  readonly short: string;
  readonly pane: Pane;
  readonly unit: Unit;
  readonly parameters: P;
  /** In the order in which they are drawn, the last one on top. */
  readonly outputs: Readonly<Record<Name, Output>>;
  /** Levels to mark in its own pane, such as 30 and 70. */
  readonly guides: readonly number[];
  /** Outputs to shade between. */
  readonly band?: readonly [NoInfer<Name>, NoInfer<Name>];
  history(values: ParameterValues<P>): History;
  /** How many bars before a bar change with it, where a line is moved back. */
  looksAhead?(values: ParameterValues<P>): number;
  build(program: Program, bars: Columns, values: ParameterValues<P>, sessions: Sessions): Record<Name, Values>;
}

/** The outputs that are shown, by name. */
export function drawn({ outputs }: Definition): [name: string, output: Output][] {
  return Object.entries(outputs).filter(([, { kind }]) => kind !== "hidden");
}

/** Declare an indicator; its parameters' types reach `build`. */
export function define<const P extends Parameters, Name extends string>(
  definition: Definition<P, Name>,
): Definition<P, Name> {
  return definition;
}

/** Bars after which an exponential average with this weight has forgotten its start to a millionth. */
export function memory(weight: number): number {
  return weight >= 1 ? 1 : Math.ceil(Math.log(1e-6) / Math.log(1 - weight));
}
