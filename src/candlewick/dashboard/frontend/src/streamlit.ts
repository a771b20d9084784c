// The adapter for Streamlit: a v2 component. Streamlit calls it again on every rerun and theme change, so it keeps its
// instances and only passes on what differs; the cleanup it returns runs when the element leaves the page.

import type { Config } from "./config";
import type { ThemeChoice } from "./prefs";
import { Terminal } from "./terminal";
import { isDark, type ThemeName } from "./theme";

interface Call {
  key: string;
  data: Config;
  parentElement: HTMLElement | ShadowRoot;
}

interface Instance {
  parent: Call["parentElement"];
  terminal: Terminal;
  dispose(): void;
}

const instances = new Map<string, Instance>();

export function component({ key, data, parentElement }: Call): () => void {
  let instance = instances.get(key);
  if (!instance || instance.parent !== parentElement || !instance.terminal.element.isConnected) {
    instance?.dispose();
    instance = mount(key, data, parentElement);
  }
  instance.terminal.setTheme(pageTheme(parentElement));
  return instance.dispose;
}

function mount(key: string, config: Config, parent: Call["parentElement"]): Instance {
  const terminal = new Terminal(config, pageTheme(parent), { themeChoice, chooseTheme });
  parent.append(terminal.element);
  const fit = () => fitToScreen(terminal.element);
  fit();
  window.addEventListener("resize", fit);
  const dispose = () => {
    window.removeEventListener("resize", fit);
    terminal.dispose();
    if (instances.get(key) === instance) instances.delete(key);
  };
  const instance = { parent, terminal, dispose };
  instances.set(key, instance);
  return instance;
}

/** The theme that Streamlit wears, told by the colours it gives to components. */
function pageTheme(parent: Call["parentElement"]): ThemeName {
  const element = parent instanceof ShadowRoot ? parent.host : parent;
  return isDark(getComputedStyle(element).getPropertyValue("--st-background-color")) ? "dark" : "light";
}

/** Fill the screen from here down, so that the page never scrolls. */
function fitToScreen(element: HTMLElement): void {
  const top = Math.max(0, element.getBoundingClientRect().top + window.scrollY);
  element.style.height = `calc(100dvh - ${top}px)`;
}

const NAMES: Record<ThemeChoice, string> = { system: "System", dark: "Dark", light: "Light" };

/** Where Streamlit keeps the choice, for each of its pages. */
const THEME_KEY = `stActiveTheme-${window.location.pathname}-v2`;

function themeChoice(): ThemeChoice {
  const stored = window.localStorage.getItem(THEME_KEY);
  return (Object.keys(NAMES) as ThemeChoice[]).find((choice) => JSON.stringify(NAMES[choice]) === stored) ?? "system";
}

/** Streamlit has no call for its theme, so press its own switch, unseen; failing that, store the choice and reload. */
function chooseTheme(choice: ThemeChoice): void {
  const hide = document.head.appendChild(document.createElement("style"));
  hide.textContent = '[data-testid="stMainMenuPopover"] { visibility: hidden !important; }';
  press('[data-testid="stMainMenuButton"], [data-testid="stMainMenu"] button');
  whenThere('[data-testid="stThemeSwitcher"]', (switcher) => {
    const option = [...(switcher?.querySelectorAll<HTMLElement>('[role="menuitemradio"], [role="radio"], button, label') ?? [])].find(
      (element) => element.textContent?.trim() === NAMES[choice] || element.getAttribute("aria-label") === NAMES[choice],
    );
    if (option) option.click();
    else storeTheme(choice);
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    hide.remove();
  });
}

function press(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.click();
}

/** Call back with the element once it is there, or with null after half a second. */
function whenThere(selector: string, use: (element: HTMLElement | null) => void): void {
  const deadline = performance.now() + 500;
  const look = () => {
    const element = document.querySelector<HTMLElement>(selector);
    if (element || performance.now() > deadline) use(element);
    else requestAnimationFrame(look);
  };
  look();
}

function storeTheme(choice: ThemeChoice): void {
  window.localStorage.setItem(THEME_KEY, JSON.stringify(NAMES[choice]));
  window.location.reload();
}
