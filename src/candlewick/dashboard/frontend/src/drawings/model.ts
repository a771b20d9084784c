// What a drawing is: anchored in time and price, so that it stays where it was put through ticks, zooms and timeframes.

export type Kind = "horizontal" | "trend" | "measure" | "fibonacci";

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
  /** One for a horizontal line, two for the others. */
  readonly anchors: readonly Anchor[];
  readonly style: Style;
  readonly hidden: boolean;
  /** A locked drawing can be chosen and unlocked, but neither moved nor deleted. */
  readonly locked: boolean;
}

interface KindOf {
  readonly title: string;
  readonly anchors: number;
  readonly style: Style;
}

const PLAIN: Style = { colour: "#2962ff", width: 2, dash: "solid", extend: "none" };

export const KINDS: Readonly<Record<Kind, KindOf>> = {
  horizontal: { title: "Horizontal line", anchors: 1, style: { ...PLAIN, width: 1 } },
  trend: { title: "Trend line", anchors: 2, style: PLAIN },
  measure: { title: "Measure", anchors: 2, style: { ...PLAIN, width: 1 } },
  fibonacci: { title: "Fibonacci retracement", anchors: 2, style: { ...PLAIN, colour: "#787b86", width: 1 } },
};

/** A new drawing with all its anchors in one place. */
export function drawingAt(id: string, kind: Kind, anchor: Anchor): Drawing {
  const anchors = Array.from({ length: KINDS[kind].anchors }, () => anchor);
  return { id, kind, anchors, style: KINDS[kind].style, hidden: false, locked: false };
}

/** The same drawing with one anchor elsewhere. */
export function withAnchor(drawing: Drawing, index: number, anchor: Anchor): Drawing {
  return { ...drawing, anchors: drawing.anchors.with(index, anchor) };
}
