// The main series: the bars of the chart in the type that the reader chose. Another type needs another series of the
// library; what is attached to the old one moves along.

import {
  AreaSeries,
  BarSeries,
  CandlestickSeries,
  type IChartApiBase,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesPrimitive,
  LineSeries,
  LineStyle,
  type PriceFormat,
  type SeriesType,
  type Time,
} from "lightweight-charts";
import type { Bar } from "../data/bar";
import { type CandleColours, faded, type Palette } from "../style/theme";
import { CHART_TYPES, type ChartType, type SeriesKind, Shapes } from "./charttypes";
import type { BarTable } from "./columns";
import { directionColour, type Point, pointOf } from "./looks";

type Main = ISeriesApi<SeriesType, Time>;

const DEFINITIONS = { Candlestick: CandlestickSeries, Bar: BarSeries, Line: LineSeries, Area: AreaSeries };
// The library's own price line shows the last bar on screen; ours always shows the newest bar.
const PLAIN = { priceLineVisible: false, lastValueVisible: false, baseLineVisible: false };

export class MainSeries {
  api: Main;

  private kind: SeriesKind = "Candlestick";
  private shapes: Shapes;
  private lastPrice: IPriceLine;
  private bars: readonly Bar[] = [];
  private priceFormat: PriceFormat | null = null;
  private readonly primitives = new Set<ISeriesPrimitive<Time>>();
  private readonly chart: IChartApiBase<Time>;
  private readonly table: BarTable;
  private palette: Palette;
  private colours: CandleColours;

  constructor(chart: IChartApiBase<Time>, table: BarTable, palette: Palette, colours: CandleColours) {
    this.chart = chart;
    this.table = table;
    this.palette = palette;
    this.colours = colours;
    this.shapes = new Shapes("candles", table);
    this.api = this.make();
    this.lastPrice = this.makePriceLine();
  }

  /** Draw the bars in another type. */
  setType(type: ChartType): void {
    if (type === this.shapes.type) return;
    this.shapes = new Shapes(type, this.table);
    this.kind = CHART_TYPES.find((known) => known.type === type)!.series;
    const before = this.api;
    this.primitives.forEach((primitive) => before.detachPrimitive(primitive));
    this.api = this.make();
    this.lastPrice = this.makePriceLine();
    this.redraw();
    // Only now, because the library removes a pane that is empty.
    this.chart.removeSeries(before);
    this.api.setSeriesOrder(0);
    this.primitives.forEach((primitive) => this.api.attachPrimitive(primitive));
  }

  attach(primitive: ISeriesPrimitive<Time>): void {
    this.primitives.add(primitive);
    this.api.attachPrimitive(primitive);
  }

  detach(primitive: ISeriesPrimitive<Time>): void {
    this.primitives.delete(primitive);
    this.api.detachPrimitive(primitive);
  }

  /** Draw bars, all of them. */
  draw(bars: readonly Bar[]): void {
    this.bars = bars;
    this.shapes.update();
    this.redraw();
  }

  /** Draw the bars from an index on; `known` bars were drawn before. */
  update(bars: readonly Bar[], from: number, known: number): void {
    this.bars = bars;
    this.shapes.update(from);
    for (let index = from; index < bars.length; index++) this.api.update(this.point(index), index < known - 1);
    this.markPrice();
  }

  paint(palette: Palette, colours: CandleColours): void {
    this.palette = palette;
    this.colours = colours;
    this.api.applyOptions(this.options());
    this.redraw();
  }

  setPriceFormat(priceFormat: PriceFormat): void {
    this.priceFormat = priceFormat;
    this.api.applyOptions({ priceFormat });
  }

  private make(): Main {
    const options = { ...PLAIN, ...this.options(), ...(this.priceFormat && { priceFormat: this.priceFormat }) };
    return this.chart.addSeries(DEFINITIONS[this.kind], options, 0) as Main;
  }

  private makePriceLine(): IPriceLine {
    return this.api.createPriceLine({ price: NaN, lineWidth: 1, lineStyle: LineStyle.Dotted });
  }

  private redraw(): void {
    this.api.setData(this.bars.map((_, index) => this.point(index)) as Parameters<Main["setData"]>[0]);
    this.markPrice();
  }

  private point(index: number): Point {
    return pointOf(this.shapes.type, this.bars[index]!, this.shapes.at(index), this.colours);
  }

  private markPrice(): void {
    const newest = this.bars.at(-1);
    if (newest) this.lastPrice.applyOptions({ price: newest.close, color: directionColour(newest, this.colours) });
  }

  private options() {
    const { bullFill, bearFill, bullEdge, bearEdge } = this.colours;
    const { accent } = this.palette;
    switch (this.kind) {
      case "Candlestick":
        return {
          upColor: bullFill,
          downColor: bearFill,
          borderUpColor: bullEdge,
          borderDownColor: bearEdge,
          wickUpColor: bullEdge,
          wickDownColor: bearEdge,
        };
      case "Bar":
        return { upColor: bullEdge, downColor: bearEdge, thinBars: false };
      case "Line":
        return { color: accent, lineWidth: 2 as const };
      case "Area":
        return {
          lineColor: accent,
          lineWidth: 2 as const,
          topColor: faded(accent, 0.28),
          bottomColor: faded(accent, 0.02),
        };
    }
  }
}
