// The form of one indicator: its parameters and its look, applied as they change.

import type { ThemeName } from "../style/theme";
import { h } from "../ui/dom";
import { type Definition, drawn } from "./definition";
import { type Parameter, settle, type ParameterValues } from "./parameters";
import type { OwnLook } from "./shown";
import { type Dash, DASHES, type Output, type Width, WIDTHS } from "./style";

export interface FormActions {
  setParameters(values: ParameterValues): void;
  /** Change a part of the look. */
  wear(look: Partial<OwnLook>): void;
  /** Defaults for both. */
  reset(): void;
  /** Take the indicator off the chart. */
  remove(): void;
}

/** The form's element, filled with the present values. */
export function form(
  definition: Definition,
  values: ParameterValues,
  look: OwnLook,
  theme: ThemeName,
  actions: FormActions,
): HTMLElement {
  let now: ParameterValues = values;
  let worn = look;
  const change = (name: string, value: unknown) => {
    now = settle(definition.parameters, { ...now, [name]: value });
    actions.setParameters(now);
  };
  const wear = (part: Partial<OwnLook>) => {
    worn = { ...worn, ...part };
    actions.wear(part);
  };
  const typed = Object.entries(definition.parameters).filter(([, parameter]) => parameter.kind !== "number" || !parameter.isSetOnChart);
  const parameters = typed.map(([name, parameter]) => {
    const field = input(parameter, values[name]!, (value) => change(name, value));
    return h("label", { class: "field" }, h("span", {}, parameter.title), field);
  });
  const lines = drawn(definition).map(([name, output]) => lineOf(name, output, look, theme, () => worn, wear));
  return h(
    "div",
    { class: "form" },
    h("h2", {}, definition.title),
    ...parameters,
    ...lines,
    ...(definition.guides.length > 0 ? [levels(look.guides ?? definition.guides, wear)] : []),
    h(
      "div",
      { class: "form-end" },
      h("button", { type: "button", class: "plain", onclick: () => actions.reset() }, "Defaults"),
      h("button", { type: "button", class: "plain", onclick: () => actions.remove() }, "Remove"),
    ),
  );
}

/** The row of an output: its colour, and where it is a line its width and dash. */
function lineOf(
  name: string,
  { title, colour, kind, width }: Output,
  { colours, strokes }: OwnLook,
  theme: ThemeName,
  worn: () => OwnLook,
  wear: (part: Partial<OwnLook>) => void,
): HTMLElement {
  const well = h("input", {
    type: "color",
    value: colours[name] ?? colour[theme],
    "aria-label": `Colour of ${title}`,
    oninput: () => wear({ colours: { ...worn().colours, [name]: well.value } }),
  });
  const stroke = (part: { width?: Width; dash?: Dash }) =>
    wear({ strokes: { ...worn().strokes, [name]: { ...worn().strokes[name], ...part } } });
  const select = (label: string, choices: readonly (string | number)[], value: string | number, take: (value: string) => void) => {
    const options = choices.map((choice) => h("option", { value: choice, selected: choice === value }, String(choice)));
    const element: HTMLSelectElement = h("select", { "aria-label": `${label} of ${title}`, onchange: () => take(element.value) }, ...options);
    return element;
  };
  const isLine = kind !== "histogram";
  const own = strokes[name] ?? {};
  const strokeFields = [
    select("Width", WIDTHS, own.width ?? width, (value) => stroke({ width: Number(value) as Width })),
    select("Dash", DASHES, own.dash ?? "solid", (value) => stroke({ dash: value as Dash })),
  ];
  return h("div", { class: "field" }, h("span", {}, title), h("span", { class: "stroke" }, ...(isLine ? strokeFields : []), well));
}

/** The levels that are marked in the indicator's pane, as numbers between commas. */
function levels(values: readonly number[], wear: (part: Partial<OwnLook>) => void): HTMLElement {
  const take = () => {
    const numbers = field.value.split(",").filter((one) => one.trim() !== "").map(Number);
    const isValid = numbers.every((one) => Number.isFinite(one)) && numbers.length <= 10;
    field.setCustomValidity(isValid ? "" : "Numbers between commas, ten at most");
    if (isValid) wear({ guides: numbers });
  };
  const onchange = () => field.reportValidity();
  const field: HTMLInputElement = h("input", { type: "text", value: values.join(", "), oninput: take, onchange });
  return h("label", { class: "field" }, h("span", {}, "Levels"), field);
}

function input(parameter: Parameter, value: number | string, onChange: (value: unknown) => void): HTMLElement {
  if (parameter.kind === "choice") {
    const select = h("select", { onchange: () => onChange(select.value) });
    const option = (choice: string) => h("option", { value: choice, selected: choice === value }, choice);
    select.append(...parameter.choices.map(option));
    return select;
  }
  const { min, max, step } = parameter;
  // A field that is empty for a moment changes nothing; one that is left with a value not allowed says what is.
  const oninput = () => field.checkValidity() && onChange(field.value);
  const onchange = () => field.reportValidity();
  const field = h("input", { type: "number", required: true, min, max, step, value, oninput, onchange });
  return field;
}
