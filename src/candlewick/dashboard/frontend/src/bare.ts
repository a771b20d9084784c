// The adapter for the bare page, `/chart`: to embed, or to show on a wall.

import type { Config } from "./data/config";
import { Terminal } from "./page/terminal";
import { followPrefs, type ThemeChoice } from "./state/prefs";
import { PALETTES, type ThemeName } from "./style/theme";

/** Fill the page with a chart if its body carries a configuration. */
export function mountOnPage(): void {
  const config = document.body?.dataset.candlewick;
  if (!config) return;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const worn = (choice: ThemeChoice): ThemeName =>
    choice === "system" ? (prefersDark.matches ? "dark" : "light") : choice;
  const wear = (choice: ThemeChoice) => {
    document.documentElement.style.background = PALETTES[worn(choice)].background;
    terminal.setTheme(worn(choice));
  };
  const terminal = new Terminal(JSON.parse(config) as Config, worn("system"), {
    hasMain: false,
    open: () => {},
    zoned: () => {},
    themeChoice: () => terminal.desk.prefs.theme,
    chooseTheme: (theme) => {
      terminal.desk.remember({ theme });
      wear(theme);
    },
  });
  document.body.style.margin = "0";
  document.body.append(terminal.element);
  wear(terminal.desk.prefs.theme);
  followPrefs(() => wear(terminal.desk.prefs.theme));
  prefersDark.addEventListener("change", () => wear(terminal.desk.prefs.theme));
}
