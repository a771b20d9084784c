// The little bar of the selected drawing: its colour, width and dash, whether it is locked, and its end.

import { h, icon, ICONS } from "../dom";
import { DASHES, type Drawing } from "./model";

const WIDEST = 4;

export class Dress {
  readonly element: HTMLElement;
  private drawing: Drawing | null = null;
  private readonly well: HTMLInputElement;
  private readonly width: HTMLButtonElement;
  private readonly dash: HTMLButtonElement;
  private readonly lock: HTMLButtonElement;

  /** `change` takes the drawing as it is to be, or null where it is to go. */
  constructor(private readonly change: (id: string, drawing: Drawing | null) => void) {
    const button = (title: string, onclick: () => void) =>
      h("button", { type: "button", class: "icon", title, "aria-label": title, onclick });
    this.well = h("input", { type: "color", "aria-label": "Colour of the drawing", oninput: () => this.style({ colour: this.well.value }) });
    this.width = button("Width", () => this.style({ width: (this.drawing!.style.width % WIDEST) + 1 }));
    this.dash = button("Dash", () => this.style({ dash: DASHES[(DASHES.indexOf(this.drawing!.style.dash) + 1) % DASHES.length]! }));
    this.lock = button("Lock", () => this.put({ locked: !this.drawing!.locked }));
    const remove = button("Delete", () => this.change(this.drawing!.id, null));
    remove.append(icon(ICONS.trash));
    this.element = h("div", { class: "dress", hidden: true }, this.well, this.width, this.dash, this.lock, remove);
  }

  show(drawing: Drawing | undefined): void {
    this.element.hidden = drawing === undefined;
    if (!drawing || drawing === this.drawing) return;
    this.drawing = drawing;
    const { colour, width, dash } = drawing.style;
    this.well.value = colour;
    this.width.textContent = `${width}px`;
    this.dash.textContent = { solid: "—", dashed: "- -", dotted: "···" }[dash];
    this.lock.replaceChildren(icon(drawing.locked ? ICONS.lock : ICONS.unlock));
    this.lock.setAttribute("aria-pressed", String(drawing.locked));
  }

  private style(style: Partial<Drawing["style"]>): void {
    this.put({ style: { ...this.drawing!.style, ...style } });
  }

  private put(changes: Partial<Drawing>): void {
    this.change(this.drawing!.id, { ...this.drawing!, ...changes });
  }
}
