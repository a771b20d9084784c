// The toolbar of the selected drawing: its colour, width and dash, what a text says, the levels of a retracement, and
// buttons to lock and to delete it.

import { h, icon, iconButton, ICONS } from "../ui/dom";
import { sharesOf } from "./fibonacci";
import { type Dash, DASHES, type Drawing } from "./model";
import { levelsOf, LONGEST_TEXT } from "./shelf";

const WIDEST = 4;

export class DrawingToolbar {
  readonly element: HTMLElement;
  private drawing: Drawing | null = null;
  private readonly well: HTMLInputElement;
  private readonly width: HTMLButtonElement;
  private readonly dash: HTMLButtonElement;
  private readonly lock: HTMLButtonElement;
  private readonly text: HTMLInputElement;
  private readonly levels: HTMLInputElement;

  /** `change` is given the changed drawing, or null to delete it. */
  constructor(private readonly change: (id: string, drawing: Drawing | null) => void) {
    const oninput = () => this.style({ colour: this.well.value });
    this.well = h("input", { type: "color", "aria-label": "Colour of the drawing", oninput });
    this.width = iconButton("Width", "", () => this.style({ width: (this.drawing!.style.width % WIDEST) + 1 }));
    this.dash = iconButton("Dash", "", () => this.style({ dash: dashAfter(this.drawing!.style.dash) }));
    this.lock = iconButton("Lock", ICONS.unlock, () => this.put({ locked: !this.drawing!.locked }));
    this.text = h("input", { type: "text", maxlength: LONGEST_TEXT, "aria-label": "Text", onchange: () => this.put({ text: this.text.value }) });
    this.levels = h("input", { type: "text", "aria-label": "Levels of the drawing", title: "Shares of the move, between commas", onchange: () => this.setLevels() });
    const remove = iconButton("Delete", ICONS.trash, () => this.change(this.drawing!.id, null));
    this.element = h("div", { class: "drawing-toolbar", hidden: true }, this.text, this.levels, this.well, this.width, this.dash, this.lock, remove);
  }

  show(drawing: Drawing | undefined): void {
    this.element.hidden = drawing === undefined;
    if (!drawing || drawing === this.drawing) return;
    const isNew = drawing.id !== this.drawing?.id;
    this.drawing = drawing;
    this.text.hidden = drawing.kind !== "text";
    this.levels.hidden = drawing.kind !== "fibonacci";
    this.text.value = drawing.text;
    this.levels.value = sharesOf(drawing).map(([share]) => share).join(", ");
    // Not before the press that drew it has given the focus to the chart.
    if (isNew && drawing.kind === "text") window.setTimeout(() => this.text.select());
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

  private setLevels(): void {
    const levels = levelsOf(this.levels.value.split(",").filter((one) => one.trim() !== "").map(Number));
    this.levels.setCustomValidity(levels ? "" : "Numbers between commas, twenty at most");
    if (levels) this.put({ levels });
    else this.levels.reportValidity();
  }

  private put(changes: Partial<Drawing>): void {
    this.change(this.drawing!.id, { ...this.drawing!, ...changes });
  }
}

function dashAfter(dash: Dash): Dash {
  return DASHES[(DASHES.indexOf(dash) + 1) % DASHES.length]!;
}
