// A pop-over: a menu or a small form below the button that opened it. Only one is open at a time.

import { h } from "./dom";

const GAP = 6;
const EDGE = 8;

let open: Popover | null = null;

export class Popover {
  /** Whether the newest press closed a pop-over; then it is not meant for what lies below. */
  static tookPress = false;

  readonly element: HTMLElement;
  /** Called before it is shown, and after it was closed. */
  onOpen: () => void = () => {};
  onClose: () => void = () => {};

  private anchor: Element | null = null;
  /** What had the focus before. */
  private before: HTMLElement | null = null;
  private readonly root: HTMLElement;
  private readonly onPress = (event: PointerEvent) => {
    const path = event.composedPath();
    if (path.includes(this.element) || (this.anchor && path.includes(this.anchor))) return;
    this.close();
    Popover.tookPress = true;
    document.addEventListener("pointerdown", () => (Popover.tookPress = false), { capture: true, once: true });
  };
  private readonly onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.close();
    else if (event.key === "Tab") this.cycle(event.shiftKey ? -1 : 1);
    else if (step === undefined || !this.step(step)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  /** `root` is the terminal, on top of which the pop-over is put. */
  constructor(root: HTMLElement, label: string, ...content: (Node | string)[]) {
    this.root = root;
    this.element = h("div", { class: "popover", role: "dialog", "aria-label": label }, ...content);
  }

  /** Whether any pop-over is open; then keys are not meant for the chart. */
  static get isAnyOpen(): boolean {
    return open !== null && open.element.isConnected;
  }

  get isOpen(): boolean {
    return open === this;
  }

  toggle(anchor: Element): void {
    if (this.isOpen) this.close();
    else this.open(anchor);
  }

  /** Open below an element, within the screen. */
  open(anchor: Element): void {
    open?.close();
    open = this;
    this.anchor = anchor;
    this.before = this.focused();
    if (anchor instanceof HTMLButtonElement) anchor.setAttribute("aria-expanded", "true");
    this.onOpen();
    this.root.append(this.element);
    this.place(anchor);
    document.addEventListener("pointerdown", this.onPress, { capture: true });
    window.addEventListener("keydown", this.onKey, { capture: true });
    (this.element.querySelector<HTMLElement>("[autofocus]") ?? this.stops()[0])?.focus();
  }

  close(): void {
    if (!this.isOpen) return;
    open = null;
    const hadFocus = this.element.contains(this.focused());
    if (this.anchor instanceof HTMLButtonElement) this.anchor.setAttribute("aria-expanded", "false");
    this.element.remove();
    // The focus goes back to the button, or to where it was if something else opened the pop-over.
    if (hadFocus) (this.anchor instanceof HTMLButtonElement ? this.anchor : this.before)?.focus();
    document.removeEventListener("pointerdown", this.onPress, { capture: true });
    window.removeEventListener("keydown", this.onKey, { capture: true });
    this.onClose();
  }

  private focused(): HTMLElement | null {
    return (this.root.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | null;
  }

  /** What the Tab key stops at. */
  private stops(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("button, input, select, a[href], [tabindex='0']")].filter(
      (stop) => !stop.matches(":disabled, [tabindex='-1']") && stop.checkVisibility(),
    );
  }

  /** Move the focus within the pop-over, from its end to its beginning. */
  private cycle(by: number): void {
    const stops = this.stops();
    const at = stops.indexOf(this.focused()!);
    stops[(at + by + stops.length) % stops.length]?.focus();
  }

  /** Move the focus through the rows of a menu. Forms and fields use these keys themselves. */
  private step(by: number): boolean {
    const rows = [...this.element.querySelectorAll<HTMLElement>("[role=menuitem]")];
    if (rows.length === 0) return false;
    const at = rows.findIndex((row) => row.matches(":focus"));
    rows[(at + by + rows.length) % rows.length]!.focus();
    return true;
  }

  private place(anchor: Element): void {
    const [page, button] = [this.root.getBoundingClientRect(), anchor.getBoundingClientRect()];
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = Math.max(EDGE, Math.min(button.left - page.left, page.width - width - EDGE));
    const below = button.bottom - page.top + GAP;
    const above = button.top - page.top - GAP - height;
    const lowest = Math.max(EDGE, page.height - height - EDGE);
    const top = below > lowest && above > EDGE ? above : Math.min(below, lowest);
    this.element.style.left = `${left}px`;
    this.element.style.top = `${top}px`;
  }
}
