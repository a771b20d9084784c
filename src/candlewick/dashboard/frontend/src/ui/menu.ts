// A menu: a pop-over with rows to choose from.

import { h, icon } from "./dom";
import { Popover } from "./popover";

export interface Item {
  readonly title: string;
  readonly icon?: string;
  /** The key that does the same, or a remark. */
  readonly hint?: string;
  readonly isCurrent?: boolean;
  run(): void;
}

export class Menu extends Popover {
  /** `items` is called each time the menu opens. */
  constructor(root: HTMLElement, label: string, items: () => readonly Item[]) {
    const list = h("div", { class: "choices menu", role: "menu" });
    super(root, label, list);
    this.onOpen = () => list.replaceChildren(...items().map((item) => this.row(item)));
  }

  private row({ title, icon: path, hint, isCurrent, run }: Item): HTMLElement {
    const onclick = () => {
      this.close();
      run();
    };
    const current = { "aria-current": isCurrent === true && "true" };
    const attributes = { type: "button", class: "choice", role: "menuitem", onclick, ...current };
    const name = h("span", { class: "choice-name" }, ...(path ? [icon(path)] : []), title);
    return h("button", attributes, name, ...(hint ? [h("kbd", {}, hint)] : []));
  }
}
