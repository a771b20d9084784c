// The menu of chart types.

import { CHART_TYPES } from "../chart/charttypes";
import type { Feature, Stage } from "../desk/stage";
import { icon, iconButton, ICONS } from "../ui/dom";
import { Menu } from "../ui/menu";

export function typeMenu(stage: Stage): Feature {
  const menu = new Menu(stage.desk.root, "Chart type", () =>
    CHART_TYPES.map(({ type, title }) => ({
      title,
      icon: ICONS[type],
      isCurrent: type === stage.choice.type,
      run: () => stage.choose({ type }),
    })),
  );
  const button = iconButton("Chart type", ICONS.candles, () => menu.toggle(button));
  const show = () => button.replaceChildren(icon(ICONS[stage.choice.type]));
  show();
  stage.slots.header.append(button);
  stage.chosen.on(show);
  return { dispose: () => menu.close() };
}
