// How a bar looks: paler than any other where trades are missing, pale while it forms, fuller when it is closed, solid when its trade ids prove it whole.

import type { BarData, CandlestickData, HistogramData, LineData, UTCTimestamp } from "lightweight-charts";
import { type Bar, State } from "../data/bar";
import { type CandleColours, faded } from "../style/theme";
import type { ChartType, Shape } from "./charttypes";

const FILL: Record<State, number> = { [State.Incomplete]: 0.12, [State.Forming]: 0.25, [State.Closed]: 0.6, [State.Complete]: 1 };
const VOLUME_FILL: Record<State, number> = { [State.Incomplete]: 0.15, [State.Forming]: 0.3, [State.Closed]: 0.45, [State.Complete]: 0.5 };
const CLEAR = "rgba(0, 0, 0, 0)";

export type Point = BarData | CandlestickData | LineData;

export function isRising(bar: Bar): boolean {
  return bar.close >= bar.open;
}

/** The colour of a bar's direction. */
export function directionColour(bar: Bar, colours: CandleColours): string {
  return isRising(bar) ? colours.bullFill : colours.bearFill;
}

/** A bar as the chart library draws it, in the shape that the chart type gives it. */
export function pointOf(type: ChartType, { state, time: at }: Bar, shape: Shape, colours: CandleColours): Point {
  const time = at as UTCTimestamp;
  if (type === "line" || type === "area") return { time, value: shape.close };
  const { open, high, low, close, rises, hollow } = shape;
  const point = { time, open, high, low, close };
  const fill = rises ? colours.bullFill : colours.bearFill;
  const edge = rises ? colours.bullEdge : colours.bearEdge;
  if (type === "hollow") {
    return { ...point, color: hollow ? CLEAR : faded(fill, FILL[state]), borderColor: edge, wickColor: edge };
  }
  // A complete bar takes the series' own colours.
  if (state === State.Complete) return point;
  return { ...point, color: faded(type === "bars" ? edge : fill, FILL[state]) };
}

export function volumeOf(bar: Bar, colours: CandleColours): HistogramData {
  const color = faded(directionColour(bar, colours), VOLUME_FILL[bar.state]);
  return { time: bar.time as UTCTimestamp, value: bar.volume, color };
}
