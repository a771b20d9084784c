// The menu behind the flame: the pages beside the chart.

import logo from "../style/candlewick.svg";
import { h } from "../ui/dom";
import { Menu } from "../ui/menu";

/** A page's path and its title. */
export type Page = readonly [path: string, title: string];

/** The button that opens the menu; `open` leads to a page. */
export function pagesButton(root: HTMLElement, pages: readonly Page[], open: (path: string) => void): HTMLElement {
  const menu = new Menu(root, "Pages", () => [
    { title: "Chart", isCurrent: true, run: () => {} },
    ...pages.map(([path, title]) => ({ title, run: () => open(path) })),
  ]);
  const attributes = { type: "button", class: "icon flame", title: "Pages", "aria-label": "Pages", "aria-haspopup": "menu" };
  const button = h("button", { ...attributes, onclick: () => menu.toggle(button) });
  button.innerHTML = logo;
  return button;
}
