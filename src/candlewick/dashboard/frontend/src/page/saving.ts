// What a layout and a template hold, and how they are loaded again. What is read back is checked, as any address is.

import type { Desk } from "../desk/desk";
import { drawingsOf, putDrawings } from "../drawings/carried";
import { checked, defaultChoice, GRIDS } from "../state/choice";
import type { Content } from "../state/layouts";
import { coloursIn, keep, type Prefs, recall } from "../state/prefs";
import type { Shown } from "../ui/saved";
import { isZone } from "../zone";
import type { Grid } from "./grid";

/** Where indicators keep their looks in this browser. */
const LOOKS = "indicators";

export interface Wearer {
  wear(look: Partial<Prefs>): void;
  setZone(zone: string): void;
}

export function contentOf(kind: Shown, grid: Grid, desk: Desk): Content {
  const { colours, lines, days, zone } = desk.prefs;
  if (kind === "layout") return { choices: grid.choices, zone, drawings: drawingsOf(grid.choices.map(({ symbol }) => symbol)) };
  const { type, indicators } = grid.active.choice;
  return { type, indicators, colours, lines, days, looks: recall(LOOKS) };
}

export function load(kind: Shown, content: Content, grid: Grid, desk: Desk, { wear, setZone }: Wearer): void {
  if (kind === "layout") {
    const given = Array.isArray(content["choices"]) ? content["choices"].slice(0, GRIDS.at(-1)!) : [];
    const { zone, drawings } = content;
    putDrawings(drawings, desk);
    if (given.length > 0) grid.show(given.map((choice) => ({ ...defaultChoice(desk.config), ...checked(choice, desk.config) })));
    if (typeof zone === "string" && (zone === "browser" || isZone(zone))) setZone(zone);
    return;
  }
  const { looks, lines, days } = content;
  if (typeof looks === "object" && looks !== null) keep(LOOKS, { ...recall(LOOKS), ...looks });
  wear({ colours: coloursIn(content["colours"]), lines: lines !== false, days: days === true });
  const { type, indicators } = checked(content, desk.config);
  // Told even where they are the same, as their looks may differ.
  grid.active.choose({ indicators: "" });
  grid.active.choose({ ...(type && { type }), indicators: indicators ?? "" });
}
