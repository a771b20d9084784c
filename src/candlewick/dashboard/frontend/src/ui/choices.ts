// A list to choose from, narrowed by typing into the field above it: symbols, indicators, zones.

import { h } from "./dom";

export interface Option {
  readonly value: string;
  readonly title: string;
  /** Shown beside the title, and searched too. */
  readonly hint?: string;
}

const MOST = 60;

export class Choices {
  readonly element: HTMLElement;
  readonly field: HTMLInputElement;
  private readonly list = h("div", { class: "choices", role: "listbox" });
  private shown: Option[] = [];
  private at = 0;

  /** `options` is called at each key with what was typed so far. Enter chooses the marked option. */
  constructor(
    placeholder: string,
    private readonly options: (typed: string) => readonly Option[],
    private readonly choose: (value: string) => void,
    private readonly isCurrent: (value: string) => boolean = () => false,
  ) {
    this.field = h("input", {
      class: "search",
      type: "text",
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
    this.list.replaceChildren(...this.shown.map((option) => this.row(option)));
    if (this.shown.length === 0) this.list.append(h("p", { class: "none" }, "Nothing of that name"));
    this.mark();
  }

  private row({ value, title, hint }: Option): HTMLElement {
    const current = this.isCurrent(value) && { "aria-current": "true" };
    const label = h("span", {}, title);
    const row = { type: "button", class: "choice", role: "option", onclick: () => this.choose(value), ...current };
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
    [...this.list.children].forEach((row, index) => row.toggleAttribute("data-marked", index === this.at));
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
