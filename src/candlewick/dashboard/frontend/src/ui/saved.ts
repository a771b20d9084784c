// The pop-over of layouts and templates by name: a press loads one, a field keeps the present state under a name.

import type { Content, Kept, Kind, LayoutBook } from "../state/layouts";
import { h, iconButton, ICONS } from "./dom";
import { Popover } from "./popover";

/** What is loaded from here; watchlists are beside the charts. */
export type Shown = Exclude<Kind, "watchlist">;

const TITLES: Readonly<Record<Shown, [title: string, hint: string]>> = {
  layout: ["Layouts", "All charts, their symbols, timeframes, indicators, drawings and the zone"],
  template: ["Templates", "Chart type, indicators and colours, for any symbol"],
};

export interface SavedActions {
  /** The present state, to be kept. */
  content(kind: Shown): Content;
  load(kind: Shown, content: Content): void;
  refused(why: string): void;
}

export class SavedMenu extends Popover {
  /** Drawn anew with each answer; the fields beside them stay, with what is typed there. */
  private readonly lists: Readonly<Record<Shown, HTMLElement>> = {
    layout: h("div", { class: "saved-list" }),
    template: h("div", { class: "saved-list" }),
  };

  constructor(
    root: HTMLElement,
    private readonly book: LayoutBook,
    private readonly actions: SavedActions,
  ) {
    const body = h("div", { class: "form saved" });
    super(root, "Layouts and templates", body);
    body.append(...this.section("layout"), ...this.section("template"));
    this.onOpen = () => void this.refresh();
  }

  private async refresh(): Promise<void> {
    const kept = await this.book.load();
    if (kept) this.draw(kept);
    else this.actions.refused("the server does not answer");
  }

  private draw(kept: Kept): void {
    for (const kind of ["layout", "template"] as const) {
      const rows = Object.entries(kept[kind]).sort(([a], [b]) => a.localeCompare(b));
      this.lists[kind].replaceChildren(...rows.map(([name, content]) => this.row(kind, name, content)));
    }
  }

  private section(kind: Shown): HTMLElement[] {
    const [title, hint] = TITLES[kind];
    const field = h("input", { type: "text", maxlength: 60, required: true, placeholder: "name", "aria-label": `Name of the ${kind}` });
    const onsubmit = (event: Event) => {
      event.preventDefault();
      const name = field.value.trim();
      if (name) void this.keep(kind, name, field);
    };
    const save = h("button", { type: "submit", class: "plain" }, "Save");
    return [h("h2", { title: hint }, title), this.lists[kind], h("form", { class: "field", onsubmit }, field, save)];
  }

  private row(kind: Shown, name: string, content: Content): HTMLElement {
    const load = () => {
      this.close();
      this.actions.load(kind, content);
    };
    const remove = iconButton(`Remove the ${kind} ${name}`, ICONS.trash, () => void this.done(this.book.remove(kind, name)), "tiny");
    return h("div", { class: "field" }, h("button", { type: "button", class: "saved-name", onclick: load }, name), remove);
  }

  /** Keep the present state under the name in a field, which is empty again where that was taken. */
  private async keep(kind: Shown, name: string, field: HTMLInputElement): Promise<void> {
    if ((await this.done(this.book.put(kind, name, this.actions.content(kind)))) && field.value.trim() === name) field.value = "";
  }

  /** Say a refusal, and show what is kept now. Returns whether it was done. */
  private async done(asked: Promise<string | null>): Promise<boolean> {
    const refusal = await asked;
    if (refusal) this.actions.refused(refusal);
    await this.refresh();
    return refusal === null;
  }
}
