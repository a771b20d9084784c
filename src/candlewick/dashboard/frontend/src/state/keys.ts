// The keyboard: what each key does, and for which chart. The help sheet shows the same list.

/** A key, as `Alt+S`, `Ctrl+ArrowLeft`, `/`, and what it does. */
export interface Binding {
  readonly keys: string;
  readonly title: string;
  /** The key works only while this returns true: most belong to the active chart. */
  readonly isActive: () => boolean;
  readonly run: () => void;
}

export class Keyboard {
  /** Called with a letter or digit that is bound to nothing: the reader types a symbol or a timeframe. */
  onType: (character: string) => void = () => {};
  /** Asked before the bindings, for example by the drawing hand: true if the key was used. */
  readonly takers = new Set<(event: KeyboardEvent) => boolean>();

  private readonly bindings = new Set<Binding>();
  private readonly isOurs: () => boolean;
  private readonly listener = (event: KeyboardEvent) => this.hear(event);

  /** `isOurs` tells whether keys pressed on the page are meant for the terminal. */
  constructor(isOurs: () => boolean) {
    this.isOurs = isOurs;
    // Before the page itself: Streamlit has shortcuts of its own on single letters.
    window.addEventListener("keydown", this.listener, { capture: true });
  }

  dispose(): void {
    window.removeEventListener("keydown", this.listener, { capture: true });
  }

  /** Bind a key; the function returned frees it. */
  bind(keys: string, title: string, run: () => void, isActive: () => boolean = () => true): () => void {
    const binding = { keys, title, run, isActive };
    this.bindings.add(binding);
    return () => void this.bindings.delete(binding);
  }

  /** Do what a key does. */
  press(keys: string): void {
    this.bound(keys)?.run();
  }

  /** Every key that works now, with its title, in the order of binding. */
  list(): [keys: string, title: string][] {
    return [...this.bindings].filter(({ isActive }) => isActive()).map(({ keys, title }) => [keys, title]);
  }

  private hear(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing || !this.isOurs() || isTyping(event)) return;
    if (this.meant(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  private bound(name: string): Binding | undefined {
    return [...this.bindings].find(({ keys, isActive }) => keys === name && isActive());
  }

  private meant(event: KeyboardEvent): boolean {
    for (const take of this.takers) if (take(event)) return true;
    const name = nameOf(event);
    const binding = this.bound(name);
    if (binding) {
      binding.run();
      return true;
    }
    if (!/^[a-z0-9]$/i.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return false;
    this.onType(event.key);
    return true;
  }
}

/** A key's name: `Alt+S`, `Ctrl+ArrowLeft`, `?`. With Alt the key's place counts, as it may write another character. */
export function nameOf({ key, code, altKey, ctrlKey, metaKey, shiftKey }: KeyboardEvent): string {
  const place = /^(?:Key|Digit)(.)$/.exec(code)?.[1];
  const own = altKey && place ? place : key;
  // Shift is part of the name for letters and named keys; other characters just need it to be typed.
  const isShifted = shiftKey && (own.length > 1 || /[a-z]/i.test(own));
  const modifiers = (ctrlKey || metaKey ? "Ctrl+" : "") + (altKey ? "Alt+" : "") + (isShifted ? "Shift+" : "");
  return modifiers + (own.length === 1 && modifiers ? own.toUpperCase() : own);
}

/** Whether a key is typed into a form field. */
function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target.matches("input") && !target.matches("[type=color], [type=checkbox], [type=range], [type=button]");
}
