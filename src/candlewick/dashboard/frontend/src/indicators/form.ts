// The form of one indicator: its parameters and its colours, applied as they change.

import type { ThemeName } from "../style/theme";
import { h } from "../ui/dom";
import type { Definition } from "./definition";
import { type Parameter, settle, type ParameterValues } from "./parameters";

export interface FormActions {
  setParameters(values: ParameterValues): void;
  setColour(output: string, colour: string): void;
  /** Defaults for both. */
  reset(): void;
  /** Take the indicator off the chart. */
  remove(): void;
}

/** The form's element, filled with the present values. */
export function form(
  definition: Definition,
  values: ParameterValues,
  colours: Readonly<Record<string, string>>,
  theme: ThemeName,
  actions: FormActions,
): HTMLElement {
  let now: ParameterValues = values;
  const change = (name: string, value: unknown) => {
    now = settle(definition.parameters, { ...now, [name]: value });
    actions.setParameters(now);
  };
  const parameters = Object.entries(definition.parameters).map(([name, parameter]) => {
    const field = input(parameter, values[name]!, (value) => change(name, value));
    return h("label", { class: "field" }, h("span", {}, parameter.title), field);
  });
  const wells = Object.entries(definition.outputs).map(([name, { title, colour }]) => {
    const well = h("input", {
      type: "color",
      value: colours[name] ?? colour[theme],
      "aria-label": `Colour of ${title}`,
      oninput: () => actions.setColour(name, well.value),
    });
    return h("label", { class: "field" }, h("span", {}, title), well);
  });
  return h(
    "div",
    { class: "form" },
    h("h2", {}, definition.title),
    ...parameters,
    ...wells,
    h(
      "div",
      { class: "form-end" },
      h("button", { type: "button", class: "plain", onclick: () => actions.reset() }, "Defaults"),
      h("button", { type: "button", class: "plain", onclick: () => actions.remove() }, "Remove"),
    ),
  );
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
