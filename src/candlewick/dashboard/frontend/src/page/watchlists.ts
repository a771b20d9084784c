// The reader's lists of symbols, beside the one of all: each has a name, and the server keeps them.

import type { Desk } from "../desk/desk";
import { Signal } from "../signal";
import type { Content, LayoutBook } from "../state/layouts";
import { keep, recall } from "../state/prefs";
import { h, iconButton, ICONS } from "../ui/dom";

const STORE = "watchlists";
const ALL = "";
const NEW = "\n";

export class Watchlists {
  /** What chooses a list, what puts the chart's symbol in or out, and what removes the list. */
  readonly element: HTMLElement;
  /** Another list is shown, or the one that is shown was changed. */
  readonly changed = new Signal();

  private kept: Readonly<Record<string, Content>> = {};
  private name = ALL;
  private current = "";
  private readonly select = h("select", { "aria-label": "List of symbols", onchange: () => this.choose(this.select.value) });
  private readonly member: HTMLButtonElement;
  private readonly bin: HTMLButtonElement;
  private readonly field = h("input", { type: "text", maxlength: 60, required: true, placeholder: "name of the list", "aria-label": "Name of the list" });
  private readonly form: HTMLFormElement;

  constructor(
    private readonly desk: Desk,
    private readonly book: LayoutBook,
  ) {
    this.member = iconButton("The chart's symbol in this list", ICONS.star, () => void this.turn(), "tiny");
    this.bin = iconButton("Remove this list", ICONS.trash, () => void this.remove(), "tiny");
    const onsubmit = (event: Event) => {
      event.preventDefault();
      void this.make(this.field.value.trim());
    };
    this.form = h("form", { hidden: true, onsubmit }, this.field, h("button", { type: "submit", class: "plain" }, "Make"));
    this.element = h("span", { class: "watch-lists" }, this.select, this.form, this.member, this.bin);
    this.draw();
  }

  /** The symbols of the list that is shown. */
  get symbols(): readonly string[] {
    const { symbols } = this.desk.config;
    if (this.name === ALL) return symbols;
    const listed = this.kept[this.name]?.["symbols"];
    return Array.isArray(listed) ? listed.filter((symbol) => symbols.includes(symbol)) : [];
  }

  /** Fetch the lists; the one that was shown last is shown again. */
  async load(): Promise<void> {
    this.kept = (await this.book.load())?.watchlist ?? this.kept;
    const last = this.name === ALL ? recall(STORE)["name"] : this.name;
    this.show(typeof last === "string" && Object.hasOwn(this.kept, last) ? last : ALL);
  }

  /** Tell which symbol the active chart shows. */
  mark(symbol: string): void {
    if (symbol === this.current) return;
    this.current = symbol;
    this.draw();
  }

  private choose(name: string): void {
    this.form.hidden = name !== NEW;
    this.select.hidden = name === NEW;
    if (name === NEW) this.field.focus();
    else this.show(name);
  }

  private show(name: string): void {
    this.name = name;
    keep(STORE, { name });
    this.draw();
    this.changed.emit();
  }

  private async make(name: string): Promise<void> {
    this.field.value = "";
    this.choose(this.name);
    if (name) await this.put(name, Object.hasOwn(this.kept, name) ? (this.kept[name]!["symbols"] as string[]) : [this.current]);
  }

  /** Put the chart's symbol into the list, or out of it. */
  private async turn(): Promise<void> {
    const { current, symbols } = this;
    await this.put(this.name, symbols.includes(current) ? symbols.filter((symbol) => symbol !== current) : [...symbols, current]);
  }

  private async put(name: string, symbols: readonly string[]): Promise<void> {
    if (this.isRefused(await this.book.put("watchlist", name, { symbols }))) return;
    this.kept = { ...this.kept, [name]: { symbols } };
    this.show(name);
  }

  private async remove(): Promise<void> {
    const { name } = this;
    if (this.isRefused(await this.book.remove("watchlist", name))) return;
    this.kept = Object.fromEntries(Object.entries(this.kept).filter(([other]) => other !== name));
    this.show(ALL);
  }

  private isRefused(why: string | null): boolean {
    if (why) this.desk.toasts.show(why, "bad");
    return why !== null;
  }

  private draw(): void {
    const option = (value: string, title: string) => h("option", { value, selected: value === this.name }, title);
    const names = Object.keys(this.kept).sort((a, b) => a.localeCompare(b));
    this.select.replaceChildren(option(ALL, "All symbols"), ...names.map((name) => option(name, name)), option(NEW, "New list …"));
    this.member.hidden = this.bin.hidden = this.name === ALL;
    this.member.setAttribute("aria-pressed", String(this.symbols.includes(this.current)));
  }
}
