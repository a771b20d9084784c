// The context menu of a chart: what its features do at a place, and what the page does for the whole of it.

import type { Place } from "../chart/chart";
import type { Feature, Stage } from "../desk/stage";
import { h, ICONS } from "../ui/dom";
import { type Item, Menu } from "../ui/menu";

export function contextMenu(stage: Stage): Feature {
  const { chart, desk } = stage;
  // The menu opens below an element: one without a size, under the pointer.
  const point = h("span", { class: "menu-point" });
  let at: Place;
  const items = () => [...stage.actions.flatMap((make) => make(at)), ...ownItems(stage, at)];
  const menu = new Menu(desk.root, "Here on the chart", items);
  menu.onClose = () => point.remove();
  chart.asked.on((place) => {
    at = place;
    const page = desk.root.getBoundingClientRect();
    point.style.left = `${place.clientX - page.left}px`;
    point.style.top = `${place.clientY - page.top}px`;
    desk.root.append(point);
    menu.open(point);
  });
  return { dispose: () => menu.close() };
}

function ownItems({ chart, desk }: Stage, { time, price }: Place): Item[] {
  const copy = (what: string, text: string): Item => ({ title: `Copy ${what} ${text}`, icon: ICONS.copy, run: () => void desk.copy(text) });
  const press = (title: string, keys: string): Item => ({ title, hint: keys, run: () => desk.keys.press(keys) });
  return [
    ...(price === null ? [] : [copy("price", price.toFixed(chart.decimals))]),
    ...(time === null ? [] : [copy("time", new Date(time * 1_000).toISOString().replace(".000", ""))]),
    press("Go to a date …", "Alt+G"),
    press("Reset the view", "Alt+R"),
  ];
}
