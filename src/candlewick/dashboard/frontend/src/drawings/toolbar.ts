// The toolbar of the selected drawing: its colour, width and dash, and buttons to lock and to delete it.

import { h, icon, iconButton, ICONS } from "../ui/dom";
import { type Dash, DASHES, type Drawing } from "./model";

const WIDEST = 4;

export class DrawingToolbar {
  readonly element: HTMLElement;
  private drawing: Drawing | null = null;
  private readonly well: HTMLInputElement;
  private readonly width: HTMLButtonElement;
  private readonly dash: HTMLButtonElement;
  private readonly lock: HTMLButtonElement;

  /** `change` is given the changed drawing, or null to delete it. */
  constructor(private readonly change: (id: string, drawing: Drawing | null) => void) {
    const oninput = () => this.style({ colour: this.well.value });
    this.well = h("input", { type: "color", "aria-label": "Colour of the drawing", oninput });
    this.width = iconButton("Width", "", () => this.style({ width: (this.drawing!.style.width % WIDEST) + 1 }));
    this.dash = iconButton("Dash", "", () => this.style({ dash: dashAfter(this.drawing!.style.dash) }));
    this.lock = iconButton("Lock", ICONS.unlock, () => this.put({ locked: !this.drawing!.locked }));
    const remove = iconButton("Delete", ICONS.trash, () => this.change(this.drawing!.id, null));
    this.element = h("div", { class: "drawing-toolbar", hidden: true }, this.well, this.width, this.dash, this.lock, remove);
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

function dashAfter(dash: Dash): Dash {
  return DASHES[(DASHES.indexOf(dash) + 1) % DASHES.length]!;
}
