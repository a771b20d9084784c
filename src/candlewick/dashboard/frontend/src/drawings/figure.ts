// A drawing as lines, areas and texts on the pane: what is painted, and what a pointer can hit.

import type { Dash } from "./model";
import type { Pixel } from "./view";

export interface Stroke {
  readonly from: Pixel;
  readonly to: Pixel;
  readonly colour: string;
  readonly width: number;
  readonly dash: Dash;
}

export interface Area {
  readonly from: Pixel;
  readonly to: Pixel;
  readonly colour: string;
  /** Whether a pointer inside it is on the drawing. */
  readonly isSolid: boolean;
}

/** An area of any form, which no pointer hits. */
export interface Shape {
  readonly corners: readonly Pixel[];
  readonly colour: string;
}

/** Lines of text: to the right of `at` and centred on its height, or centred around `at` in a box. */
export interface Label {
  readonly at: Pixel;
  readonly lines: readonly string[];
  readonly colour: string;
  readonly box: string | null;
}

export interface Figure {
  readonly areas: readonly Area[];
  readonly shapes?: readonly Shape[];
  readonly strokes: readonly Stroke[];
  readonly labels: readonly Label[];
  /** What can be grabbed: one for each anchor, in their order. */
  readonly handles: readonly Pixel[];
}
