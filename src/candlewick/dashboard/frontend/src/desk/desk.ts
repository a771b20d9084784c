// What all charts of the page share.

import type { Config } from "../data/config";
import type { Live } from "../data/live";
import { Signal } from "../signal";
import type { Keyboard } from "../state/keys";
import { type Prefs, writePrefs } from "../state/prefs";
import { Steps } from "../state/steps";
import { type Palette, PALETTES, type ThemeName } from "../style/theme";
import type { SidePanel } from "../ui/panel";
import type { Toasts } from "../ui/toasts";
import { clockOf, type ZoneClock } from "../zone";

export class Desk {
  /** Theme, colours or the grid's lines changed. */
  readonly painted = new Signal();
  /** What was done on the page, to be undone. */
  readonly steps = new Steps();
  /** The reader chose another zone. */
  readonly zoned = new Signal();

  constructor(
    readonly config: Config,
    readonly prefs: Prefs,
    readonly live: Live,
    readonly keys: Keyboard,
    /** The terminal: where menus and dialogues are put. */
    readonly root: HTMLElement,
    /** The panel beside the charts. */
    readonly panel: SidePanel,
    /** Short messages that disappear by themselves. */
    readonly toasts: Toasts,
    public theme: ThemeName,
  ) {}

  get palette(): Palette {
    return PALETTES[this.theme];
  }

  /** The wall clock of the reader's zone. */
  get clock(): ZoneClock {
    return clockOf(this.prefs.zone);
  }

  /** Put a text on the clipboard, and say so. */
  async copy(text: string, done = `${text} copied`): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.toasts.show(done);
    } catch {
      this.toasts.show(`The browser allows no copying here: ${text}`, "warn");
    }
  }

  /** Remember settings in this browser. */
  remember(prefs: Partial<Prefs>): void {
    Object.assign(this.prefs, prefs);
    writePrefs(prefs);
  }
}
