// The options of the chart library: those that never change, and those that come from the theme.

import {
  ColorType,
  CrosshairMode,
  type DeepPartial,
  type HorzScaleOptions,
  LineStyle,
  PriceScaleMode,
  type TimeChartOptions,
} from "lightweight-charts";
import { short } from "../format";
import type { Palette } from "../style/theme";
import type { Scale } from "./charttypes";

export const FONT =
  'Inter, -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';

/** The room in bars that is kept to the right of the newest one. */
export const RIGHT_ROOM = 8;

export const SCALE_MODES: Record<Scale, PriceScaleMode> = {
  auto: PriceScaleMode.Normal,
  log: PriceScaleMode.Logarithmic,
  percent: PriceScaleMode.Percentage,
  indexed: PriceScaleMode.IndexedTo100,
};

export const VOLUME = {
  priceLineVisible: false,
  lastValueVisible: false,
  priceFormat: { type: "custom" as const, formatter: short, minMove: 0.00000001 },
};

export const CHART: DeepPartial<TimeChartOptions> = {
  autoSize: true,
  layout: { fontFamily: FONT, fontSize: 12, attributionLogo: true },
  crosshair: { mode: CrosshairMode.Normal },
  rightPriceScale: { borderVisible: false, entireTextOnly: true, scaleMargins: { top: 0.14, bottom: 0.08 } },
  kineticScroll: { mouse: true, touch: true },
};

export const TIME_SCALE: DeepPartial<HorzScaleOptions> = {
  borderVisible: false,
  timeVisible: true,
  rightOffset: RIGHT_ROOM,
  minBarSpacing: 0.2,
  enableConflation: true,
};

/** The options that a palette gives; `lines` tells whether the grid is drawn. */
export function chrome(palette: Palette, lines: boolean) {
  const line = { color: palette.crosshair, style: LineStyle.Dashed, labelBackgroundColor: palette.label };
  const grid = { color: palette.grid, visible: lines };
  return {
    layout: {
      background: { type: ColorType.Solid as const, color: palette.background },
      textColor: palette.text,
      panes: { separatorColor: palette.border, separatorHoverColor: palette.grid, enableResize: true },
    },
    grid: { vertLines: grid, horzLines: grid },
    crosshair: { vertLine: line, horzLine: line },
  };
}
