// The chart itself: candles and volume, drawn by lightweight-charts. It knows bars and colours, and nothing of servers.

import {
  CandlestickSeries,
  ColorType,
  createChartEx,
  CrosshairMode,
  type DeepPartial,
  HistogramSeries,
  type IChartApiBase,
  type IPriceLine,
  type ISeriesApi,
  LineStyle,
  PriceScaleMode,
  TickMarkType,
  type Time,
  type TimeScaleOptions,
} from "lightweight-charts";
import type { Bar } from "./bar";
import { decimalsOf, fixed, short } from "./format";
import { instantLabel, tickLabel } from "./labels";
import { candleOf, directionColour, volumeOf } from "./looks";
import type { CandleColours, Palette } from "./theme";
import { ZoneClock, zonedBehavior } from "./zone";

export const FONT =
  'Inter, -apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif';

/** Width in px of a bar when a series is opened, on a phone and on a desk; and the room in bars kept to their right. */
const BAR_WIDTH = { phone: 6, desk: 9 };
const PHONE = 600;
const RIGHT_ROOM = 8;
/** Ask for older bars when fewer than this remain to the left of the view. */
const PREFETCH = 120;
/** How the panes share the height: prices, volume. */
const STRETCH = [5, 1];
const VOLUME = {
  priceLineVisible: false,
  lastValueVisible: false,
  priceFormat: { type: "custom" as const, formatter: short, minMove: 0.00000001 },
};
/** Prices looked at to find how many decimals a symbol has. */
const SAMPLE = 300;

export type Scale = "auto" | "log" | "percent";

const SCALES: Record<Scale, PriceScaleMode> = {
  auto: PriceScaleMode.Normal,
  log: PriceScaleMode.Logarithmic,
  percent: PriceScaleMode.Percentage,
};

/** A range of bar positions, fractions included. */
export interface View {
  from: number;
  to: number;
}

export class PriceChart {
  /** Called with the open time under the crosshair, or null when it leaves. */
  onCrosshair: (time: number | null) => void = () => {};
  /** Called when the view moves. */
  onView: () => void = () => {};
  /** Called when the view comes near the oldest bar. */
  onNearStart: () => void = () => {};

  decimals = 2;

  private readonly chart: IChartApiBase<Time>;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volume: ISeriesApi<"Histogram">;
  private readonly lastPrice: IPriceLine;
  private colours: CandleColours;
  private clock = new ZoneClock("UTC");
  private timeframe = "1m";
  private bars: Bar[] = [];
  private newest = -Infinity;
  private target: number | null = null;

  constructor(element: HTMLElement, palette: Palette, colours: CandleColours) {
    this.colours = colours;
    this.chart = this.makeChart(element);
    // The library's own label follows the last bar on screen; the last price is the newest bar's, wherever one looks.
    this.candles = this.chart.addSeries(CandlestickSeries, { priceLineVisible: false, lastValueVisible: false }, 0);
    this.lastPrice = this.candles.createPriceLine({ price: NaN, lineWidth: 1, lineStyle: LineStyle.Dotted });
    this.volume = this.chart.addSeries(HistogramSeries, VOLUME, 1);
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.14, bottom: 0 } });
    this.chart.panes().forEach((pane, index) => pane.setStretchFactor(STRETCH[index]!));
    this.listen();
    this.paint(palette, colours);
  }

  /** Take the chart off the page. */
  dispose(): void {
    this.chart.remove();
  }

  /** Show a series from its newest bars on. */
  open(bars: Bar[], timeframe: string): void {
    this.timeframe = timeframe;
    this.chart.timeScale().applyOptions({ secondsVisible: timeframe === "1s" });
    this.draw([]);
    this.draw(bars);
    this.fitDecimals();
    this.candles.priceScale().applyOptions({ autoScale: true });
    const isPhone = this.chart.timeScale().width() < PHONE;
    this.chart.timeScale().applyOptions({ barSpacing: isPhone ? BAR_WIDTH.phone : BAR_WIDTH.desk });
    this.target = null;
    this.scrollTo(RIGHT_ROOM);
  }

  /** Draw all bars anew: what is on screen stays where it is, whatever came before or after it. */
  rebuild(bars: Bar[]): void {
    const [position, anchor, live] = [this.position(), this.bars.at(-1), this.isLive()];
    this.draw(bars);
    if (live || !anchor) return;
    const appended = bars.length - 1 - bars.findLastIndex((bar) => bar.time === anchor.time);
    this.scrollTo(position - appended);
  }

  /** Draw bars that changed in place or were appended; `bars` is the whole series after that. */
  update(changed: Bar[], bars: Bar[]): void {
    const appended = changed.filter((bar) => bar.time > this.newest).length;
    const [position, isOnItsWay] = [this.position(), this.target !== null];
    this.bars = bars;
    for (const bar of changed) {
      const isOld = bar.time < this.newest;
      this.candles.update(candleOf(bar, this.colours), isOld);
      this.volume.update(volumeOf(bar, this.colours), isOld);
      this.newest = Math.max(this.newest, bar.time);
    }
    if (isOnItsWay && position < 0) this.scrollTo(position - appended);
    this.markPrice();
  }

  /** Wear a palette and the reader's candle colours. */
  paint(palette: Palette, colours: CandleColours): void {
    this.colours = colours;
    this.chart.applyOptions(chrome(palette));
    this.candles.applyOptions({
      upColor: colours.bullFill,
      downColor: colours.bearFill,
      borderUpColor: colours.bullEdge,
      borderDownColor: colours.bearEdge,
      wickUpColor: colours.bullEdge,
      wickDownColor: colours.bearEdge,
    });
    this.draw(this.bars);
  }

  /** Label the axis in a zone; the bars stay where they are. */
  setClock(clock: ZoneClock): void {
    if (clock === this.clock) return;
    this.clock = clock;
    // Ticks are weighed when data is set, so the zone shows after setting it again.
    this.rebuild(this.bars);
  }

  /** Choose the price scale. */
  setScale(scale: Scale): void {
    this.candles.priceScale().applyOptions({ mode: SCALES[scale], autoScale: true });
  }

  /** The bar positions on screen. */
  view(): View | null {
    return this.chart.timeScale().getVisibleLogicalRange();
  }

  /** Whether the newest bar is on screen. */
  isLive(): boolean {
    return this.bars.length === 0 || this.position() > -0.5;
  }

  /** Go to the newest bar. */
  goLive(): void {
    this.scrollTo(RIGHT_ROOM);
  }

  /** Move the view by some bars, to the left where negative. */
  pan(bars: number): void {
    this.scrollTo(this.position() + bars);
  }

  /** How many bars the view ends after the newest one; negative where that is off the screen. */
  private position(): number {
    return this.target ?? this.chart.timeScale().scrollPosition();
  }

  /** The library moves with its next frame; until then the position is the one it was told. */
  private scrollTo(position: number): void {
    if (Math.abs(position - this.position()) < 1e-6 && this.target === null) return;
    this.target = position;
    this.chart.timeScale().scrollToPosition(position, false);
    requestAnimationFrame(() => (this.target = null));
  }

  private makeChart(element: HTMLElement): IChartApiBase<Time> {
    const timeScale: DeepPartial<TimeScaleOptions> = {
      borderVisible: false,
      timeVisible: true,
      rightOffset: RIGHT_ROOM,
      minBarSpacing: 0.2,
      enableConflation: true,
      tickMarkFormatter: (time: Time, type: TickMarkType) => tickLabel(Number(time), type, this.clock),
    };
    return createChartEx<Time, ReturnType<typeof zonedBehavior>>(element, zonedBehavior(() => this.clock), {
      autoSize: true,
      layout: { fontFamily: FONT, fontSize: 12, attributionLogo: true },
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.14, bottom: 0.08 } },
      timeScale,
      kineticScroll: { mouse: true, touch: true },
      localization: { timeFormatter: (time: Time) => instantLabel(Number(time), this.timeframe, this.clock) },
    });
  }

  private listen(): void {
    this.chart.subscribeCrosshairMove(({ time }) => this.onCrosshair(time === undefined ? null : Number(time)));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      this.onView();
      if (range && this.bars.length > 0 && range.from < PREFETCH) this.onNearStart();
    });
  }

  private draw(bars: Bar[]): void {
    this.bars = bars;
    this.newest = bars.at(-1)?.time ?? -Infinity;
    this.candles.setData(bars.map((bar) => candleOf(bar, this.colours)));
    this.volume.setData(bars.map((bar) => volumeOf(bar, this.colours)));
    this.markPrice();
  }

  private markPrice(): void {
    const newest = this.bars.at(-1);
    if (newest) this.lastPrice.applyOptions({ price: newest.close, color: directionColour(newest, this.colours) });
  }

  private fitDecimals(): void {
    const decimals = decimalsOf(this.bars.slice(-SAMPLE).map((bar) => bar.close));
    this.decimals = decimals;
    const formatter = (price: number) => fixed(price, decimals);
    this.candles.applyOptions({ priceFormat: { type: "custom", formatter, minMove: 10 ** -decimals } });
  }
}

function chrome(palette: Palette) {
  const line = { color: palette.crosshair, style: LineStyle.Dashed, labelBackgroundColor: palette.label };
  return {
    layout: {
      background: { type: ColorType.Solid as const, color: palette.background },
      textColor: palette.text,
      panes: { separatorColor: palette.border, separatorHoverColor: palette.grid, enableResize: true },
    },
    grid: { vertLines: { color: palette.grid }, horzLines: { color: palette.grid } },
    crosshair: { vertLine: line, horzLine: line },
  };
}
