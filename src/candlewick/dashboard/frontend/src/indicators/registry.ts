// Every indicator there is, in the order of the menu.

import { ATR } from "./atr";
import { BOLLINGER } from "./bollinger";
import type { Definition } from "./definition";
import { MACD } from "./macd";
import { RSI } from "./oscillators";
import { EMA, SMA, WMA } from "./overlays";
import { STOCHASTIC } from "./stochastic";
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
];

/** The indicator with this id. */
export function indicatorOf(id: string): Definition | undefined {
  return INDICATORS.find((definition) => definition.id === id);
}
