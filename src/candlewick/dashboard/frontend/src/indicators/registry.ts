// Every indicator there is, in the order of the menu.

import type { Definition } from "./definition";
import { CVD, DELTA } from "./delta";
import { ATR, MACD, RSI, STOCHASTIC } from "./oscillators";
import { BOLLINGER, EMA, SMA, WMA } from "./overlays";
import { OBV, VOLUME_SMA } from "./volume";
import { VWAP } from "./vwap";

export const INDICATORS: readonly Definition[] = [
  SMA,
  EMA,
  WMA,
  VWAP,
  BOLLINGER,
  RSI,
  MACD,
  ATR,
  STOCHASTIC,
  OBV,
  VOLUME_SMA,
  DELTA,
  CVD,
];

/** The indicator with this id. */
export function indicatorOf(id: string): Definition | undefined {
  return INDICATORS.find((definition) => definition.id === id);
}
