// How a bar looks: a forming bar is light, a closed one fuller, one that its ids prove whole is solid.

import type { CandlestickData, HistogramData, UTCTimestamp } from "lightweight-charts";
import { type Bar, State } from "./bar";
import { type CandleColours, faded } from "./theme";

const FILL: Record<State, number> = { [State.Forming]: 0.25, [State.Closed]: 0.6, [State.Complete]: 1 };
const VOLUME_FILL: Record<State, number> = { [State.Forming]: 0.3, [State.Closed]: 0.45, [State.Complete]: 0.5 };

export function isRising(bar: Bar): boolean {
  return bar.close >= bar.open;
}

/** The colour of a bar's direction. */
export function directionColour(bar: Bar, colours: CandleColours): string {
  return isRising(bar) ? colours.bullFill : colours.bearFill;
}

export function candleOf(bar: Bar, colours: CandleColours): CandlestickData {
  const { open, high, low, close } = bar;
  const candle: CandlestickData = { time: bar.time as UTCTimestamp, open, high, low, close };
  if (bar.state !== State.Complete) candle.color = faded(directionColour(bar, colours), FILL[bar.state]);
  return candle;
}

export function volumeOf(bar: Bar, colours: CandleColours): HistogramData {
  const color = faded(directionColour(bar, colours), VOLUME_FILL[bar.state]);
  return { time: bar.time as UTCTimestamp, value: bar.volume, color };
}
