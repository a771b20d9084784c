// From a drawing to its figure.

import { fibonacci } from "./fibonacci";
import type { Figure } from "./figure";
import { measure } from "./measure";
import type { Drawing, Kind } from "./model";
import { horizontal, trend } from "./trend";
import type { View } from "./view";

const FIGURES: Readonly<Record<Kind, (drawing: Drawing, view: View) => Figure>> = {
  horizontal,
  trend,
  measure,
  fibonacci,
};

export function figureOf(drawing: Drawing, view: View): Figure {
  return FIGURES[drawing.kind](drawing, view);
}
