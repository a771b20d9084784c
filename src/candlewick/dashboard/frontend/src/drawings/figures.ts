// From a drawing to its figure.

import { anchoredVwap } from "./anchored";
import { position, rectangle, text } from "./boxes";
import { fibonacci } from "./fibonacci";
import type { Figure } from "./figure";
import { measure } from "./measure";
import type { Drawing, Kind } from "./model";
import { channel, horizontal, ray, trend, vertical } from "./trend";
import type { View } from "./view";

const FIGURES: Readonly<Record<Kind, (drawing: Drawing, view: View) => Figure>> = {
  trend,
  ray,
  extended: trend,
  horizontal,
  vertical,
  channel,
  rectangle,
  fibonacci,
  vwap: anchoredVwap,
  long: position,
  short: position,
  text,
  measure,
};

export function figureOf(drawing: Drawing, view: View): Figure {
  return FIGURES[drawing.kind](drawing, view);
}
