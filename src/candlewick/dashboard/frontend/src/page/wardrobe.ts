// What the page wears: its theme, its colours and the lines of its charts, chosen here or in another tab.

import type { Desk } from "../desk/desk";
import { type Prefs, readPrefs } from "../state/prefs";
import { legible, PALETTES, type ThemeName } from "../style/theme";
import type { Grid } from "./grid";

export class Wardrobe {
  private repaint = 0;

  constructor(
    private readonly desk: Desk,
    private readonly grid: Grid,
  ) {}

  dispose(): void {
    cancelAnimationFrame(this.repaint);
  }

  /** Wear a theme. */
  dress(theme: ThemeName): void {
    const { desk } = this;
    desk.theme = theme;
    desk.root.dataset.theme = theme;
    for (const [name, value] of Object.entries(PALETTES[theme])) desk.root.style.setProperty(`--${name}`, value);
    this.paint();
  }

  /** Wear something else of a look, and remember it. */
  wear(look: Partial<Prefs>): void {
    const names = Object.keys(look) as (keyof Prefs)[];
    const before = Object.fromEntries(names.map((name) => [name, this.desk.prefs[name]]));
    this.desk.steps.push({ undo: () => this.wear(before), redo: () => this.wear(look) }, names.join());
    this.desk.remember(look);
    this.paint();
  }

  /** Wear what was chosen in another tab. Zone and charts stay: each tab has its own, as its address says. */
  follow(): void {
    const { colours, lines, days, theme, favourites } = readPrefs(this.desk.config);
    Object.assign(this.desk.prefs, { colours, lines, days, theme, favourites });
    this.paint();
  }

  /** Repaint at most once a frame, because a colour picker sends changes faster than that. */
  private paint(): void {
    cancelAnimationFrame(this.repaint);
    this.repaint = requestAnimationFrame(() => {
      const { desk, grid } = this;
      const { bullFill, bearFill } = desk.prefs.colours;
      for (const [name, colour] of [["bull", bullFill], ["bear", bearFill]] as const) {
        desk.root.style.setProperty(`--${name}`, colour);
        desk.root.style.setProperty(`--${name}-text`, legible(colour, desk.palette.background));
      }
      grid.cells.forEach((cell) => cell.paint());
      desk.painted.emit();
    });
  }
}
