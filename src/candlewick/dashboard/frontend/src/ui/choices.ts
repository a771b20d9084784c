// A list to choose from, narrowed by typing into the field above it: symbols, indicators, zones.

import { h } from "./dom";

export interface Option {
  readonly value: string;
  readonly title: string;
  /** Shown beside the title, and searched too. */
  readonly hint?: string;
}

const MOST = 60;
let count = 0;

export class Choices {
  readonly element: HTMLElement;
  readonly field: HTMLInputElement;
  private readonly list: HTMLElement;
  private readonly id = `choices-${++count}`;
  private shown: Option[] = [];
  private at = 0;

  /** `options` is called at each key with what was typed so far. Enter chooses the marked option. */
  constructor(
    placeholder: string,
    private readonly options: (typed: string) => readonly Option[],
    private readonly choose: (value: string) => void,
    private readonly isCurrent: (value: string) => boolean = () => false,
  ) {
    this.list = h("div", { class: "choices", role: "listbox", id: this.id, "aria-label": "Results" });
    this.field = h("input", {
      class: "search",
      type: "text",
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": this.id,
      "aria-autocomplete": "list",
      placeholder,
      "aria-label": placeholder,
      autofocus: true,
      spellcheck: "false",
      autocomplete: "off",
      oninput: () => this.narrow(),
      onkeydown: (event) => this.key(event),
    });
    this.element = h("div", { class: "chooser" }, this.field, this.list);
  }

  /** Start over, as if this text had just been typed. */
  start(typed = ""): void {
    this.field.value = typed;
    this.narrow();
  }

  private narrow(): void {
    this.shown = this.options(this.field.value.trim()).slice(0, MOST);
    this.at = 0;
    this.list.replaceChildren(...this.shown.map((option, index) => this.row(option, index)));
    if (this.shown.length === 0) this.list.append(h("p", { class: "none", role: "option", "aria-disabled": "true" }, "Nothing of that name"));
    this.mark();
  }

  /** A row is pressed, or reached by the arrow keys of the field, which keeps the focus. */
  private row({ value, title, hint }: Option, index: number): HTMLElement {
    const current = this.isCurrent(value) && { "aria-current": "true" };
    const label = h("span", {}, title);
    const reached = { role: "option", id: `${this.id}-${index}`, tabindex: -1 };
    const row = { type: "button", class: "choice", onclick: () => this.choose(value), ...reached, ...current };
    return h("button", row, label, ...(hint ? [h("i", {}, hint)] : []));
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      this.at = Math.min(this.shown.length - 1, Math.max(0, this.at + step));
      this.mark();
    } else if (event.key === "Enter" && this.shown[this.at]) {
      this.choose(this.shown[this.at]!.value);
    } else {
      return;
    }
    event.preventDefault();
  }

  private mark(): void {
    this.list.querySelectorAll("[role=option]").forEach((row, index) => {
      row.toggleAttribute("data-marked", index === this.at);
      row.setAttribute("aria-selected", String(index === this.at));
    });
    this.field.setAttribute("aria-activedescendant", this.shown.length > 0 ? `${this.id}-${this.at}` : "");
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
  }
}

/** The options whose value, title or hint contains what was typed; those that begin with it come first. */
export function matching(options: readonly Option[], typed: string): Option[] {
  const wanted = typed.toLowerCase();
  const rank = ({ value, title, hint = "" }: Option) => {
    const names = [title, value, hint].map((name) => name.toLowerCase());
    if (names.some((name) => name.startsWith(wanted))) return 0;
    return names.some((name) => name.includes(wanted)) ? 1 : 2;
  };
  return options.filter((option) => rank(option) < 2).sort((a, b) => rank(a) - rank(b));
}
