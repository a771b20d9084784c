// The menu of layouts: one chart, two or four, and those with a name.

import { GRIDS } from "../state/choice";
import { ICONS } from "../ui/dom";
import { Menu } from "../ui/menu";
import type { Grid } from "./grid";

const TITLES: Readonly<Record<number, [title: string, icon: string]>> = {
  1: ["One chart", ICONS.one],
  2: ["Two charts", ICONS.two],
  4: ["Four charts", ICONS.four],
};

/** `openSaved` shows those that the reader named. */
export function layoutMenu(root: HTMLElement, grid: () => Grid, openSaved: () => void): Menu {
  return new Menu(root, "Layout", () => [
    ...GRIDS.map((count) => {
      const [title, icon] = TITLES[count]!;
      return { title, icon, isCurrent: count === grid().cells.length, run: () => grid().setCount(count) };
    }),
    { title: "Layouts and templates …", icon: ICONS.star, run: openSaved },
  ]);
}
