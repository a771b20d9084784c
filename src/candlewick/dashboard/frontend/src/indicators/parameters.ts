// What a reader may set on an indicator, within which limits.

import type { Columns } from "../chart/columns";
import type { Program, Values } from "../chart/program";

export const SOURCES = ["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"] as const;

export type Source = (typeof SOURCES)[number];

/** The chosen price of each bar. */
export function sourceOf(program: Program, bars: Columns, source: Source): Values {
  const { open, high, low, close } = bars;
  switch (source) {
    case "hl2":
      return program.series((i) => (high[i]! + low[i]!) / 2);
    case "hlc3":
      return program.series((i) => (high[i]! + low[i]! + close[i]!) / 3);
    case "ohlc4":
      return program.series((i) => (open[i]! + high[i]! + low[i]! + close[i]!) / 4);
    default:
      return bars[source];
  }
}

export interface NumberParameter {
  readonly kind: "number";
  readonly title: string;
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  /** The grid of allowed values: 1 for whole numbers. */
  readonly step: number;
  /** It is set by the chart's menu rather than typed. */
  readonly isSetOnChart?: boolean;
}

export interface ChoiceParameter<Choice extends string = string> {
  readonly kind: "choice";
  readonly title: string;
  readonly fallback: Choice;
  readonly choices: readonly Choice[];
}

export type Parameter = NumberParameter | ChoiceParameter;
export type Parameters = Readonly<Record<string, Parameter>>;

/** The value of each parameter. */
export type ParameterValues<P extends Parameters = Parameters> = { readonly [name in keyof P]: ValueOf<P[name]> };
type ValueOf<P extends Parameter> = P extends ChoiceParameter<infer Choice> ? Choice : number;

/** Values as they come from a URL, a form or a store: of any kind, or missing. */
export type Given = Readonly<Record<string, unknown>>;

const LONGEST = 1_000;

/** A number of bars. */
export function length(title: string, fallback: number): NumberParameter {
  return { kind: "number", title, fallback, min: 1, max: LONGEST, step: 1 };
}

export function price(fallback: Source): ChoiceParameter<Source> {
  return { kind: "choice", title: "Source", fallback, choices: SOURCES };
}

/** The nearest values allowed; the fallback for what is missing or no value at all. */
export function settle<P extends Parameters>(parameters: P, given: Given): ParameterValues<P> {
  const entries = Object.entries(parameters).map(([name, parameter]) => [name, allowed(parameter, given[name])]);
  return Object.fromEntries(entries) as ParameterValues<P>;
}

function allowed(parameter: Parameter, given: unknown): number | string {
  if (parameter.kind === "choice") return parameter.choices.find((choice) => choice === given) ?? parameter.fallback;
  const { min, max, step, fallback } = parameter;
  const wanted = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  if (typeof wanted !== "number" || Number.isNaN(wanted)) return fallback;
  const steps = Math.round((Math.min(max, Math.max(min, wanted)) - min) / step);
  return Number((min + steps * step).toFixed(8));
}
