// The menu of layouts: one chart, two or four.

import { GRIDS } from "../state/choice";
import { ICONS } from "../ui/dom";
import { Menu } from "../ui/menu";
import type { Grid } from "./grid";

const TITLES: Readonly<Record<number, [title: string, icon: string]>> = {
  1: ["One chart", ICONS.one],
  2: ["Two charts", ICONS.two],
  4: ["Four charts", ICONS.four],
};

export function layoutMenu(root: HTMLElement, grid: () => Grid): Menu {
  return new Menu(root, "Layout", () =>
    GRIDS.map((count) => {
      const [title, icon] = TITLES[count]!;
      return { title, icon, isCurrent: count === grid().cells.length, run: () => grid().setCount(count) };
    }),
  );
}
