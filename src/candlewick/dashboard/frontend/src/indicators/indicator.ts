// An indicator at work on the bars of a chart.

import type { Columns } from "../chart/columns";
import { Program, type Values } from "../chart/program";
import { type Definition, type Sessions, UTC_DAYS } from "./definition";
import { type Given, settle, type ParameterValues } from "./parameters";

export class Indicator {
  readonly definition: Definition;
  readonly parameters: ParameterValues;
  /** One series per output, as long as the bars were at the last `update`. The objects stay the same. */
  readonly outputs: Readonly<Record<string, Values>>;
  private readonly bars: Columns;
  private readonly program = new Program();

  /** The bars are read in place; call `update` when they have changed. */
  constructor(definition: Definition, bars: Columns, given: Given = {}, sessions: Sessions = UTC_DAYS) {
    this.definition = definition;
    this.bars = bars;
    this.parameters = settle(definition.parameters, given);
    this.outputs = definition.build(this.program, bars, this.parameters, sessions);
    this.update();
  }

  /**
   * Compute again from the first bar that changed: the last one after a tick, 0 after older history. Returns the index of
   * the first bar with another value.
   */
  update(from = 0): number {
    const first = Math.max(0, from - (this.definition.looksAhead?.(this.parameters) ?? 0));
    this.program.run(first, this.bars.time.length);
    return first;
  }

  /** As in a legend: `EMA 50`, `BB 20 2`, `SMA 20 hl2`. */
  get label(): string {
    const { short, parameters } = this.definition;
    const told = Object.entries(parameters)
      .filter(([, parameter]) => parameter.kind !== "number" || !parameter.isSetOnChart)
      .filter(([name, { kind, fallback }]) => kind === "number" || this.parameters[name] !== fallback)
      .map(([name]) => this.parameters[name]);
    return [short, ...told].join(" ");
  }
}

/** All outputs at once, for bars that do not change. NaN where there is no value. */
export function compute(
  definition: Definition,
  bars: Columns,
  given: Given = {},
  sessions: Sessions = UTC_DAYS,
): Record<string, Float64Array> {
  const { outputs } = new Indicator(definition, bars, given, sessions);
  return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, Float64Array.from(values)]));
}
