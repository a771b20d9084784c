// Every indicator there is, in the order of the menu.

import type { Definition } from "./definition";
import { CVD, DELTA } from "./delta";
import { ATR, MACD, RSI, STOCHASTIC } from "./oscillators";
import { BOLLINGER, EMA, SMA, WMA } from "./overlays";
import { PIVOTS } from "./pivots";
import { ADX, DONCHIAN, ICHIMOKU, KELTNER, SUPERTREND } from "./trends";
import { OBV, VOLUME_SMA } from "./volume";
import { VWAP } from "./vwap";

export const INDICATORS: readonly Definition[] = [
  SMA,
  EMA,
  WMA,
  VWAP,
  BOLLINGER,
  KELTNER,
  DONCHIAN,
  SUPERTREND,
  ICHIMOKU,
  PIVOTS,
  RSI,
  MACD,
  ATR,
  STOCHASTIC,
  ADX,
  OBV,
  VOLUME_SMA,
  DELTA,
  CVD,
];

/** The indicator with this id. */
export function indicatorOf(id: string): Definition | undefined {
  return INDICATORS.find((definition) => definition.id === id);
}
