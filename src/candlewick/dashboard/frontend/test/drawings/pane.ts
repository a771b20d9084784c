// A pane for drawings without a chart: a bar every 10 px from x = 5 on, and a price per px, 1,000 at the top.

import { BarTable } from "../../src/chart/columns";
import type { Pixel, View } from "../../src/drawings/view";

export const MINUTE = 60;
export const START = 1_700_000_040;

/** Bars at these minutes after the start; each opens at 900, reaches 920 and 880 and closes at 910. */
export function pane(minutes: readonly number[] = Array.from({ length: 50 }, (_, i) => i)): View {
  const bars = new BarTable();
  bars.write(minutes.map((minute) => ({ time: START + minute * MINUTE, open: 900, high: 920, low: 880, close: 910, volume: 2 })));
  return {
    width: 600,
    height: 400,
    bars,
    axis: { times: bars.time, spacing: MINUTE, barX: (index) => 5 + 10 * index, barWidth: 10 },
    y: (price) => 1_000 - price,
    price: (y) => 1_000 - y,
    priceText: (price) => price.toFixed(2),
    timeText: (time) => String(time),
  };
}

/** The time of a minute after the start. */
export function at(minute: number): number {
  return START + minute * MINUTE;
}

export function px(x: number, y: number): Pixel {
  return { x, y };
}
