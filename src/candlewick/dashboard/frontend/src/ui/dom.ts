// Making elements without a framework: the page is small enough to need none.

type Child = Node | string;
type Handlers = { [Event in keyof HTMLElementEventMap as `on${Event}`]?: (event: HTMLElementEventMap[Event]) => void };
type Attributes = Handlers & Record<string, unknown>;

/** Make an element. `on…` are listeners, all else are attributes; one that is false or undefined is left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** Set the text of an element if it differs, so that an unchanged screen is not laid out again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Mark the button of a group that has the current value. */
export function markCurrent(buttons: HTMLButtonElement[], value: string): void {
  for (const button of buttons) {
    if (button.value === value) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** An icon from a 24×24 path, drawn in the text's colour; `size` in px. */
export function icon(path: string, size = 18): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": true }))
    svg.setAttribute(name, String(value));
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({
    d: path,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.6",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
  }))
    line.setAttribute(name, value);
  svg.append(line);
  return svg;
}

/** A button with an icon. Its title is shown on hovering, and read out by screen readers. */
export function iconButton(
  title: string,
  path: string,
  press: (button: HTMLButtonElement) => void,
  kind: "icon" | "tiny" = "icon",
): HTMLButtonElement {
  const attributes = { type: "button", class: kind, title, "aria-label": title, onclick: () => press(button) };
  const button = h("button", attributes, icon(path, kind === "icon" ? 18 : 15));
  return button;
}

export const ICONS = {
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  settings:
    "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM19.4 15a1.7 1.7 0 0 0 .3 1.8l.1.1a2 2 0 1 1-2.9 2.9l-.1-.1a1.7 1.7 0 0 0-2.8 1.2V21a2 2 0 1 1-4 0v-.1a1.7 1.7 0 0 0-2.9-1.1l-.1.1a2 2 0 1 1-2.9-2.9l.1-.1A1.7 1.7 0 0 0 3.1 14H3a2 2 0 1 1 0-4h.1a1.7 1.7 0 0 0 1.1-2.9l-.1-.1A2 2 0 1 1 7 4.1l.1.1a1.7 1.7 0 0 0 1.8.3H9a1.7 1.7 0 0 0 1-1.5V3a2 2 0 1 1 4 0v.1a1.7 1.7 0 0 0 2.8 1.2l.1-.1a2 2 0 1 1 2.9 2.9l-.1.1a1.7 1.7 0 0 0-.3 1.8V9a1.7 1.7 0 0 0 1.5 1h.1a2 2 0 1 1 0 4h-.1a1.7 1.7 0 0 0-1.5 1Z",
  fullscreen: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6Z",
  eyeOff: "M4 4l16 16M9.5 6A9 9 0 0 1 12 5.5C18 5.5 21.5 12 21.5 12a17 17 0 0 1-3 3.7M6.3 7.7A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4.2-1",
  sliders: "M4 8h9M19 8h1M4 16h1M11 16h9M16 5.5v5M8 13.5v5",
  indicators: "M3 17l5-7 4 4 4-8 5 6M3 21h18",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5 20 20",
  camera: "M4 8h3.5l1.5-2.5h6L16.5 8H20v11H4ZM12 10a3.3 3.3 0 1 0 0 6.6 3.3 3.3 0 0 0 0-6.6Z",
  copy: "M9 9h11v11H9ZM15 9V4H4v11h5",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15ZM10 21h4",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7l-1.5 1.5M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7l1.5-1.5",
  table: "M4 5h16v14H4ZM4 10h16M4 14.5h16M10 5v14",
  cursor: "M5 3l14 7-6 2-2 6Z",
  trend: "M6 18L18 6M4.5 19.5h3v-3h-3ZM16.5 7.5h3v-3h-3Z",
  ray: "M6 18L20 4M4.5 19.5h3v-3h-3ZM11.5 13.5h3v-3h-3Z",
  extended: "M3 21L21 3M6.5 18.5h3v-3h-3ZM14.5 9.5h3v-3h-3Z",
  vertical: "M12 3v7M12 14v7M10.5 13.5h3v-3h-3Z",
  channel: "M4 15L17 4M7 20L20 9",
  rectangle: "M4 6h16v12H4Z",
  vwap: "M4 6v14M4 18c5 0 6-9 10-9s4 4 7 3",
  long: "M4 4h16v8H4ZM4 12h16M4 16h16M4 20h16M12 10V6M10 8l2-2 2 2",
  short: "M4 12h16v8H4ZM4 4h16M4 8h16M4 12h16M12 14v4M10 16l2 2 2-2",
  text: "M5 6V4h14v2M12 4v16M9 20h6",
  horizontal: "M3 12h7M14 12h7M10.5 13.5h3v-3h-3Z",
  fibonacci: "M3 5h18M3 10h18M3 14h18M3 19h18M5 19L19 5",
  measure: "M4 15L15 4l5 5L9 20ZM8 11l2 2M11 8l2 2M14 5l1.5 1.5",
  magnet: "M6 4v8a6 6 0 0 0 12 0V4h-4v8a2 2 0 0 1-4 0V4ZM6 8h4M14 8h4",
  lock: "M6 11h12v9H6ZM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6ZM8.5 11V8a3.5 3.5 0 0 1 6.6-1.6",
  trash: "M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  fold: "M6 9l6 6 6-6",
  messages: "M4 5h16v11H9l-5 4ZM8 9h8M8 12h5",
  keyboard: "M3 7h18v10H3ZM7 10.5h.01M10.5 10.5h.01M14 10.5h.01M17.5 10.5h.01M8 14h8",
  compare: "M12 4v16M4 12h16",
  one: "M4 4h16v16H4Z",
  two: "M4 4h16v16H4ZM12 4v16",
  four: "M4 4h16v16H4ZM12 4v16M4 12h16",
  candles: "M8 3v4M8 15v5M17 4v5M17 16v4M5.5 7h5v8h-5ZM14.5 9h5v7h-5Z",
  hollow: "M8 4v3M8 17v3M5 7h6v10H5ZM17 4v4M17 14v6M14.5 8h5v6h-5Z",
  "heikin-ashi": "M7 5v3M7 14v3M4.5 8h5v6h-5ZM16.5 8v2.5M16.5 16v3M14 10.5h5v5.5h-5ZM11.8 9v6",
  bars: "M7 4v15M7 15H4M7 8h3M16 6v14M16 9h-3M16 16h3",
  line: "M3 17l6-7 4.5 4L21 6",
  area: "M3 16l6-7 4.5 4L21 6M3 20h18",
  list: "M9 6h11M9 12h11M9 18h11M4 6h1M4 12h1M4 18h1",
  star: "M12 4l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8Z",
  close: "M6 6l12 12M18 6L6 18",
  live: "M6 5l7 7-7 7M13 5l7 7-7 7",
};
