// An indicator's row in the legend: its name, its values at the crosshair, and what can be done with it.

import { short } from "../format";
import type { ThemeName } from "../style/theme";
import { h, icon, iconButton, ICONS, setText } from "../ui/dom";
import { drawn } from "./definition";
import type { Indicator } from "./indicator";

export interface RowActions {
  toggle(): void;
  edit(anchor: Element): void;
  remove(): void;
}

export class Row {
  readonly element: HTMLElement;
  private readonly values: readonly [name: string, element: HTMLElement][];
  private readonly eye: HTMLButtonElement;

  constructor(
    private readonly indicator: Indicator,
    actions: RowActions,
  ) {
    const { label, definition } = indicator;
    this.values = drawn(definition).map(([name]) => [name, h("span", { class: "value" })]);
    const button = (title: string, path: string, press: (button: HTMLButtonElement) => void) =>
      iconButton(`${title} ${label}`, path, press, "tiny");
    this.eye = button("Hide", ICONS.eye, actions.toggle);
    const gear = button("Settings of", ICONS.sliders, actions.edit);
    const name = h("button", { type: "button", class: "row-name", onclick: () => actions.edit(gear) }, label);
    const tools = h("span", { class: "row-tools" }, this.eye, gear, button("Remove", ICONS.close, actions.remove));
    this.element = h("div", { class: "row" }, name, ...this.values.map(([, element]) => element), tools);
  }

  /** Show the values of a bar. */
  show(index: number, price: (value: number) => string): void {
    for (const [name, element] of this.values) setText(element, this.textOf(name, index, price));
  }

  /** The values of a bar by name: that of the indicator where it has one line, else of each line. */
  read(index: number, price: (value: number) => string): [name: string, value: string][] {
    const { label, definition } = this.indicator;
    const isOne = this.values.length === 1;
    return this.values.map(([name]) => [isOne ? label : `${label}: ${definition.outputs[name]!.title}`, this.textOf(name, index, price)]);
  }

  private textOf(name: string, index: number, price: (value: number) => string): string {
    const { unit } = this.indicator.definition;
    const text = { price, amount: short, percent: (share: number) => share.toFixed(2) };
    const value = this.indicator.outputs[name]![index];
    return value === undefined || Number.isNaN(value) ? "–" : text[unit](value);
  }

  paint(colours: Readonly<Record<string, string>>, theme: ThemeName, isHidden: boolean): void {
    const { outputs } = this.indicator.definition;
    for (const [name, element] of this.values) element.style.color = colours[name] ?? outputs[name]!.colour[theme];
    this.element.toggleAttribute("data-hidden", isHidden);
    this.eye.replaceChildren(icon(isHidden ? ICONS.eyeOff : ICONS.eye, 15));
    this.eye.title = `${isHidden ? "Show" : "Hide"} ${this.indicator.label}`;
  }
}
