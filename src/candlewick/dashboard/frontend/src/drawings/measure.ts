// The measure: how far, how long and with how much volume the market went from one point to another.

import { type Columns, indexAt } from "../chart/columns";
import { short, signed } from "../format";
import { faded } from "../style/theme";
import type { Figure, Stroke } from "./figure";
import type { Anchor, Drawing } from "./model";
import { positionOf } from "./timeline";
import { type Pixel, pixelOf, type View } from "./view";

const FALL = "#f23645";

export interface Measurement {
  /** Difference in price, and the same in percent of the first price. */
  readonly move: number;
  readonly percent: number;
  /** Bars and seconds from the first to the second point; negative if it is earlier. */
  readonly bars: number;
  readonly seconds: number;
  /** Volume of the loaded bars from one point to the other, both included; base asset. */
  readonly volume: number;
}

export function measurement([from, to]: readonly [Anchor, Anchor], view: View): Measurement {
  return {
    move: to.price - from.price,
    percent: (100 * (to.price - from.price)) / Math.abs(from.price),
    bars: Math.round(positionOf(view.axis, to.time)) - Math.round(positionOf(view.axis, from.time)),
    seconds: to.time - from.time,
    volume: volumeBetween(view.bars, Math.min(from.time, to.time), Math.max(from.time, to.time)),
  };
}

export function measure({ anchors, style }: Drawing, view: View): Figure {
  const [first, second] = [anchors[0]!, anchors[1]!];
  const [from, to] = [pixelOf(view, first), pixelOf(view, second)];
  const result = measurement([first, second], view);
  const colour = result.move < 0 ? FALL : style.colour;
  const lines = told(result, view);
  return {
    areas: [{ from, to, colour: faded(colour, 0.16), isSolid: true }],
    strokes: [...arrow(middle(from, to, "y"), colour, style), ...arrow(middle(from, to, "x"), colour, style)],
    labels: [{ at: below(from, to, lines.length, view), lines, colour: "#ffffff", box: colour }],
    handles: [from, to],
  };
}

/** A span of time in its two largest units: `2d 4h`, `17h`, `3m 20s`. */
export function spanText(seconds: number): string {
  const units: [string, number][] = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]];
  let rest = Math.abs(Math.round(seconds));
  const parts = units.map(([unit, size]): [string, number] => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return [unit, count];
  });
  const first = parts.findIndex(([, count]) => count > 0);
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2).filter(([, count]) => count > 0);
  return (seconds < 0 ? "−" : "") + shown.map(([unit, count]) => count + unit).join(" ");
}

function told({ move, percent, bars, seconds, volume }: Measurement, view: View): string[] {
  const sign = move > 0 ? "+" : move < 0 ? "−" : "";
  const count = `${bars < 0 ? "−" : ""}${Math.abs(bars)} ${Math.abs(bars) === 1 ? "bar" : "bars"}`;
  return [
    `${sign}${view.priceText(Math.abs(move))} (${signed(percent, 2)}%)`,
    `${count}, ${spanText(seconds)}`,
    `Vol ${short(volume)}`,
  ];
}

function volumeBetween({ time, volume }: Columns, from: number, to: number): number {
  let sum = 0;
  for (let index = indexAt(time, from); index < time.length && time[index]! <= to; index++) sum += volume[index]!;
  return sum;
}

/** A line through the box's middle, along its height ("y") or its width ("x"), in the direction of the measure. */
function middle(from: Pixel, to: Pixel, along: "x" | "y"): [Pixel, Pixel] {
  if (along === "y") {
    const x = (from.x + to.x) / 2;
    return [{ x, y: from.y }, { x, y: to.y }];
  }
  const y = (from.y + to.y) / 2;
  return [{ x: from.x, y }, { x: to.x, y }];
}

const HEAD = 5;

function arrow([from, to]: [Pixel, Pixel], colour: string, { width, dash }: Drawing["style"]): Stroke[] {
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  const barb = (turn: number): Pixel => ({
    x: to.x - HEAD * Math.cos(angle + turn),
    y: to.y - HEAD * Math.sin(angle + turn),
  });
  const shaft: Stroke = { from, to, colour, width, dash };
  if (Math.hypot(to.x - from.x, to.y - from.y) < 2 * HEAD) return [shaft];
  return [shaft, ...[0.6, -0.6].map((turn): Stroke => ({ from: barb(turn), to, colour, width, dash: "solid" }))];
}

/** Where the label goes: past the end of the measure, but within the pane. */
function below(from: Pixel, to: Pixel, lines: number, { height }: View): Pixel {
  const room = lines * 9 + 14;
  const y = to.y >= from.y ? to.y + room : to.y - room;
  return { x: (from.x + to.x) / 2, y: Math.min(height - room, Math.max(room, y)) };
}
