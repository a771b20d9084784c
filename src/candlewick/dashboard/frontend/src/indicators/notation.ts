// Indicators as text, for the URL: `ema(50),vwap,bb(20,2.5)`. Parameters go by position, without trailing defaults.

import type { Definition } from "./definition";
import { type Given, settle, type ParameterValues } from "./parameters";
import { indicatorOf } from "./registry";

/** An indicator and its settings. */
export interface Chosen {
  readonly definition: Definition;
  readonly parameters: ParameterValues;
}

export function write(choices: readonly Chosen[]): string {
  return choices.map(writeOne).join(",");
}

/** The indicators that a text names. What it names wrongly is left out or set to the nearest value allowed. */
export function read(text: string): Chosen[] {
  return [...text.matchAll(/([a-z]+)(?:\(([^)]*)\))?/g)].flatMap(([, id = "", list = ""]) => {
    const definition = indicatorOf(id);
    return definition ? [{ definition, parameters: settle(definition.parameters, named(definition, list)) }] : [];
  });
}

function writeOne({ definition, parameters }: Chosen): string {
  const names = Object.keys(definition.parameters);
  const last = names.findLastIndex((name) => parameters[name] !== definition.parameters[name]!.fallback);
  const told = names.slice(0, last + 1).map((name) => parameters[name]);
  return definition.id + (told.length > 0 ? `(${told.join(",")})` : "");
}

function named(definition: Definition, list: string): Given {
  const values = list.split(",");
  return Object.fromEntries(Object.keys(definition.parameters).map((name, at) => [name, values[at]]));
}
