// Finding an indicator by what is typed.

import { matching, type Option } from "../ui/choices";
import { INDICATORS, indicatorOf } from "./registry";

const OPTIONS = INDICATORS.map(({ id, title, short }) => ({ value: id, title, hint: short }));

/** The indicators that match, as notations. A number behind the name is the first parameter: `ema 200`. */
export function searched(typed: string): Option[] {
  const [, name = "", number = ""] = /^(.*?)\s*(\d*)$/.exec(typed)!;
  if (number === "") return matching(OPTIONS, name);
  const takesNumber = ({ value }: Option) => Object.values(indicatorOf(value)!.parameters)[0]?.kind === "number";
  const numbered = ({ value, title, hint = "" }: Option) => ({ value: `${value}(${number})`, title: `${title} ${number}`, hint });
  return matching(OPTIONS.filter(takesNumber), name).map(numbered);
}
