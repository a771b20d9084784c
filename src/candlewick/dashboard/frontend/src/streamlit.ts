// The adapter for Streamlit: a v2 component. Streamlit calls it again on every rerun and theme change, and sometimes
// replaces its element by another; the terminal outlives both and is moved to the new element.

import type { Config } from "./data/config";
import { Terminal } from "./page/terminal";
import type { ThemeChoice } from "./state/prefs";
import { isDark, type ThemeName } from "./style/theme";

/** After this long off the page, in ms, a terminal is ended: its reader went to another page. */
const GRACE = 5_000;

type Parent = HTMLElement | ShadowRoot;

interface Call {
  key: string;
  data: Config;
  parentElement: Parent;
  setStateValue(name: "zone", zone: string): void;
  setTriggerValue(name: "page", path: string): void;
}

const frames = new Map<string, Frame>();

export function component(call: Call): () => void {
  const { key, parentElement } = call;
  const frame = frames.get(key) ?? new Frame(call, () => frames.delete(key));
  frames.set(key, frame);
  frame.call = call;
  frame.hang(parentElement);
  frame.terminal.setTheme(pageTheme(parentElement));
  return () => frame.takeDown(parentElement);
}

/** Keeps one terminal on the page, and for a while after it was taken off. */
class Frame {
  readonly terminal: Terminal;
  private parent: Parent | null = null;
  private farewell = 0;
  private width = 0;
  private readonly watch = new MutationObserver(closeConnectionError);
  private readonly backstage = document.createElement("div");
  private zone = "browser";
  private readonly measure = () => (this.width = this.terminal.element.clientWidth);

  /** `call` is Streamlit's newest: what it is told goes through that. */
  constructor(
    public call: Call,
    private readonly onEnd: () => void,
  ) {
    this.terminal = new Terminal(call.data, pageTheme(call.parentElement), {
      hasMain: true,
      themeChoice,
      chooseTheme: (choice) => chooseTheme(choice, call.data),
      open: (path) => this.call.setTriggerValue("page", path),
      zoned: (zone) => this.tell(zone),
    });
    window.addEventListener("resize", this.measure);
  }

  hang(parent: Parent): void {
    window.clearTimeout(this.farewell);
    if (this.parent === parent && this.terminal.element.isConnected) return;
    this.parent = parent;
    parent.append(this.terminal.element);
    this.watch.observe(document.body, { childList: true, subtree: true });
    this.backstage.remove();
    this.measure();
  }

  /** Tell Streamlit the zone, for the pages that Python draws; each telling runs its script again. */
  private tell(zone: string): void {
    if (zone === this.zone) return;
    this.zone = zone;
    this.call.setStateValue("zone", zone);
  }

  /** Take the terminal off the page. Hidden, it keeps its size, since a chart without a size loses its view. */
  takeDown(parent: Parent): void {
    if (parent !== this.parent) return;
    this.parent = null;
    this.watch.disconnect();
    this.backstage.style.cssText = `position: fixed; inset: 0 auto auto 0; width: ${this.width}px; visibility: hidden`;
    this.backstage.append(this.terminal.element);
    document.body.append(this.backstage);
    this.farewell = window.setTimeout(() => this.end(), GRACE);
  }

  private end(): void {
    this.backstage.remove();
    window.removeEventListener("resize", this.measure);
    this.terminal.dispose();
    this.onEnd();
  }
}

/** Streamlit covers the page with a message when its server is away. The status bar tells that, so close it. */
function closeConnectionError(): void {
  const dialog = document.querySelector('[data-testid="stDialog"]');
  if (dialog?.textContent?.startsWith("Connection error")) press('[data-testid="stDialog"] [aria-label="Close"]');
}

/** Streamlit's theme, recognised by the colours it gives to components. */
function pageTheme(parent: Parent): ThemeName {
  const element = parent instanceof ShadowRoot ? parent.host : parent;
  return isDark(getComputedStyle(element).getPropertyValue("--st-background-color")) ? "dark" : "light";
}

/** How long a busy machine may take to open a menu, in ms. */
const MENU_WAIT = 3_000;
const NAMES: Record<ThemeChoice, string> = { system: "System", dark: "Dark", light: "Light" };

/** Where Streamlit keeps the chosen theme: per page, by the path it was loaded with. */
function themeKey(path: string): string {
  return `stActiveTheme-${path}-v2`;
}

/** The paths of all pages, as a theme is chosen for all of them. */
function paths({ base, pages = [] }: Config): string[] {
  return [window.location.pathname, `${base}/`, ...pages.map(([path]) => `${base}/${path}`)];
}

function themeChoice(): ThemeChoice {
  const stored = window.localStorage.getItem(themeKey(window.location.pathname));
  return (Object.keys(NAMES) as ThemeChoice[]).find((choice) => JSON.stringify(NAMES[choice]) === stored) ?? "system";
}

/** Streamlit has no call to set its theme, so store the choice where it looks and press its own switch, hidden. */
function chooseTheme(choice: ThemeChoice, config: Config): void {
  const hide = document.head.appendChild(document.createElement("style"));
  hide.textContent = '[data-testid="stMainMenuPopover"] { visibility: hidden !important; }';
  press('[data-testid="stMainMenuButton"]');
  whenThere(`[data-testid="stMainMenuItem-theme-${NAMES[choice]}"]`, (option) => {
    paths(config).forEach((path) => window.localStorage.setItem(themeKey(path), JSON.stringify(NAMES[choice])));
    if (option) option.click();
    else window.location.reload();
    press('[data-testid="stMainMenuButton"][aria-expanded="true"]');
    hide.remove();
  });
}

function press(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.click();
}

/** Call back with the element once it is there, or with null after a while. */
function whenThere(selector: string, use: (element: HTMLElement | null) => void): void {
  const deadline = performance.now() + MENU_WAIT;
  const look = () => {
    const element = document.querySelector<HTMLElement>(selector);
    if (element || performance.now() > deadline) use(element);
    else requestAnimationFrame(look);
  };
  look();
}
