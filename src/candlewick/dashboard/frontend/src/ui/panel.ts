// The panel over one side of the charts, with a title and a button to close it. It moves no chart, since what the reader
// pointed at must stay where it is. On a phone it is a sheet at the bottom.

import { h, iconButton, ICONS } from "./dom";

export class SidePanel {
  readonly element: HTMLElement;
  private readonly title = h("h2");
  private readonly body = h("div", { class: "panel-body" });
  private onClose: (() => void) | null = null;

  constructor() {
    const close = iconButton("Close the panel", ICONS.close, () => this.close());
    const head = h("div", { class: "panel-head" }, this.title, close);
    this.element = h("aside", { class: "panel", hidden: true, "aria-label": "Details" }, head, this.body);
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  /** Show something. Whoever was shown before is told that it was closed. */
  open(title: string, content: Node, onClose: () => void = () => {}, side: "left" | "right" = "right"): void {
    this.end();
    this.title.textContent = title;
    this.body.replaceChildren(content);
    this.onClose = onClose;
    this.element.dataset.side = side;
    this.element.hidden = false;
  }

  close(): void {
    this.element.hidden = true;
    this.end();
    this.body.replaceChildren();
  }

  private end(): void {
    const onClose = this.onClose;
    this.onClose = null;
    onClose?.();
  }
}
