// The anchored VWAP: the volume-weighted average price since an instant.

import type { Columns } from "../chart/columns";
import { indexAt } from "../chart/columns";
import type { Figure, Stroke } from "./figure";
import type { Drawing } from "./model";
import { positionAt, xAt } from "./timeline";
import { pixelOf, type View } from "./view";

/** The averages of each bar from an instant's on; empty where bars since then are not loaded. Source hlc3. */
export function averages({ time, high, low, close, volume }: Columns, since: number): number[] {
  const first = indexAt(time, since);
  if (time.length === 0 || time[0]! > since) return [];
  const made: number[] = [];
  let [money, amount] = [0, 0];
  for (let at = first; at < time.length; at++) {
    money += ((high[at]! + low[at]! + close[at]!) / 3) * volume[at]!;
    amount += volume[at]!;
    made.push(money / amount);
  }
  return made;
}

export function anchoredVwap({ anchors, style }: Drawing, view: View): Figure {
  const { bars, axis, width } = view;
  const since = anchors[0]!.time;
  const values = averages(bars, since);
  const first = bars.time.length - values.length;
  const handle = { x: pixelOf(view, anchors[0]!).x, y: values.length > 0 ? view.y(values[0]!) : pixelOf(view, anchors[0]!).y };
  const from = Math.max(first, Math.floor(positionAt(axis, 0)));
  const to = Math.min(bars.time.length - 1, Math.ceil(positionAt(axis, width)));
  // Where several bars share a pixel, one of them is enough.
  const step = Math.max(1, Math.floor((to - from) / width));
  const point = (at: number) => ({ x: xAt(axis, at), y: view.y(values[at - first]!) });
  const strokes: Stroke[] = [];
  for (let at = from; at < to; at += step) {
    const next = Math.min(to, at + step);
    if (Number.isFinite(values[at - first]!)) strokes.push({ ...style, from: point(at), to: point(next) });
  }
  const last = values.at(-1);
  const isLoaded = last !== undefined;
  const told = isLoaded ? `VWAP ${view.priceText(last)}` : "VWAP: its first bar is not loaded";
  return { areas: [], strokes, labels: [{ at: { x: handle.x + 8, y: handle.y + 14 }, lines: [told], colour: style.colour, box: null }], handles: [handle] };
}
