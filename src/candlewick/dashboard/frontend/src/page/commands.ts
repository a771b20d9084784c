// The keys of the page: they act on the active chart.

import type { Scale } from "../chart/charttypes";
import type { Keyboard } from "../state/keys";
import type { Cell } from "./cell";

export interface Commands {
  /** The chart that keys act on. */
  active(): Cell;
  search(typed: string): void;
  goTo(): void;
  help(): void;
  fullscreen(): void;
  undo(): void;
  redo(): void;
}

/** Bind the keys, in the order of the help sheet. */
export function bindCommands(keys: Keyboard, { active, search, goTo, help, fullscreen, undo, redo }: Commands): void {
  const view = () => active().chart.view;
  const scale = (wanted: Scale) => active().choose({ scale: active().choice.scale === wanted ? "auto" : wanted });
  keys.bind("ArrowLeft", "One bar back", () => view().pan(-1));
  keys.bind("ArrowRight", "One bar on", () => view().pan(1));
  keys.bind("Ctrl+ArrowLeft", "Half a screen back", () => view().page(-0.5));
  keys.bind("Ctrl+ArrowRight", "Half a screen on", () => view().page(0.5));
  keys.bind("ArrowUp", "Zoom in", () => view().zoom(1));
  keys.bind("ArrowDown", "Zoom out", () => view().zoom(-1));
  keys.bind("Ctrl+ArrowUp", "Zoom in much", () => view().zoom(4));
  keys.bind("Ctrl+ArrowDown", "Zoom out much", () => view().zoom(-4));
  keys.bind("Home", "To the first bar", () => void active().goToStart());
  keys.bind("End", "To the newest bar", () => active().goLive());
  keys.bind("Alt+R", "Reset the view", () => active().reset());
  keys.bind("Alt+G", "Go to a date", goTo);
  keys.bind("Alt+L", "Logarithmic scale", () => scale("log"));
  keys.bind("Alt+P", "Percent scale", () => scale("percent"));
  keys.bind("Alt+I", "Turn the scale upside down", () => active().choose({ inverted: !active().choice.inverted }));
  keys.bind("Ctrl+Z", "Undo", undo);
  keys.bind("Ctrl+Shift+Z", "Do it again", redo);
  keys.bind("Ctrl+Y", "Do it again", redo);
  keys.bind("Shift+F", "Full screen", fullscreen);
  keys.bind("?", "This list", help);
  keys.onType = search;
}
