// What a drawing is: anchored in time and price, so that it stays where it was put through ticks, zooms and timeframes.

export type Kind =
  | "trend"
  | "ray"
  | "extended"
  | "horizontal"
  | "vertical"
  | "channel"
  | "rectangle"
  | "fibonacci"
  | "vwap"
  | "long"
  | "short"
  | "text"
  | "measure";

/** A place on the chart. Time is in seconds since the epoch, UTC, and may lie outside the bars that are loaded. */
export interface Anchor {
  readonly time: number;
  readonly price: number;
}

export const DASHES = ["solid", "dashed", "dotted"] as const;
export const EXTENDS = ["none", "right", "both"] as const;

export type Dash = (typeof DASHES)[number];
/** Beyond which of its ends a line goes on to the edge of the pane. */
export type Extend = (typeof EXTENDS)[number];

export interface Style {
  /** `#rrggbb`. */
  readonly colour: string;
  /** In CSS pixels, 1..4. */
  readonly width: number;
  readonly dash: Dash;
  readonly extend: Extend;
}

export interface Drawing {
  readonly id: string;
  readonly kind: Kind;
  /** As many as `KINDS` says: two for a line, a third beside it for a channel; of a position entry, target and stop. */
  readonly anchors: readonly Anchor[];
  readonly style: Style;
  /** What a text says; empty in others. */
  readonly text: string;
  /** The shares of a Fibonacci retracement, where they are not the usual ones. */
  readonly levels: readonly number[] | null;
  readonly hidden: boolean;
  /** A locked drawing can be chosen and unlocked, but neither moved nor deleted. */
  readonly locked: boolean;
}

interface KindOf {
  readonly title: string;
  readonly anchors: number;
  /** The presses that place it; a position takes one and is then dragged to size. */
  readonly presses: number;
  readonly style: Style;
}

const PLAIN: Style = { colour: "#2962ff", width: 2, dash: "solid", extend: "none" };

/** In the order of the rail. */
export const KINDS: Readonly<Record<Kind, KindOf>> = {
  trend: { title: "Trend line", anchors: 2, presses: 2, style: PLAIN },
  ray: { title: "Ray", anchors: 2, presses: 2, style: PLAIN },
  extended: { title: "Extended line", anchors: 2, presses: 2, style: { ...PLAIN, extend: "both" } },
  horizontal: { title: "Horizontal line", anchors: 1, presses: 1, style: { ...PLAIN, width: 1 } },
  vertical: { title: "Vertical line", anchors: 1, presses: 1, style: { ...PLAIN, width: 1 } },
  channel: { title: "Parallel channel", anchors: 3, presses: 3, style: PLAIN },
  rectangle: { title: "Rectangle", anchors: 2, presses: 2, style: { ...PLAIN, width: 1 } },
  fibonacci: { title: "Fibonacci retracement", anchors: 2, presses: 2, style: { ...PLAIN, colour: "#787b86", width: 1 } },
  vwap: { title: "Anchored VWAP", anchors: 1, presses: 1, style: { ...PLAIN, colour: "#00a3b4" } },
  long: { title: "Long position", anchors: 3, presses: 1, style: { ...PLAIN, width: 1 } },
  short: { title: "Short position", anchors: 3, presses: 1, style: { ...PLAIN, width: 1 } },
  text: { title: "Text", anchors: 1, presses: 1, style: PLAIN },
  measure: { title: "Measure", anchors: 2, presses: 2, style: { ...PLAIN, width: 1 } },
};

/** A new drawing with all its anchors in one place. */
export function drawingAt(id: string, kind: Kind, anchor: Anchor): Drawing {
  const { anchors: count, style, title } = KINDS[kind];
  const anchors = Array.from({ length: count }, () => anchor);
  return { id, kind, anchors, style, text: kind === "text" ? title : "", levels: null, hidden: false, locked: false };
}

/** The same drawing with one anchor elsewhere. */
export function withAnchor(drawing: Drawing, index: number, anchor: Anchor): Drawing {
  return { ...drawing, anchors: drawing.anchors.with(index, anchor) };
}
