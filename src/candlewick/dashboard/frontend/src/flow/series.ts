// The footprint as a custom series of lightweight-charts: it draws the cells of the bars on screen.

import {
  type AutoscaleInfo,
  type CustomData,
  type CustomSeriesOptions,
  customSeriesDefaultOptions,
  type CustomSeriesWhitespaceData,
  type ICustomSeriesPaneRenderer,
  type ICustomSeriesPaneView,
  type ISeriesApi,
  type PaneRendererCustomData,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { scaled } from "../data/amount";
import type { Bar } from "../data/bar";
import type { Layer, PriceChart } from "../chart/chart";
import type { FlowBar } from "./book";
import { stepAtLeast } from "./cells";
import { FOLDED, FOOT, LEGIBLE, type Look, ROW } from "./paint";
import { Tiles } from "./tiles";

interface Point extends CustomData<Time> {
  readonly bar: Bar;
}

type Draw = ICustomSeriesPaneRenderer["draw"];

/** Rows of folded bars are at least so high, in px. */
const FOLDED_ROW = 2;

class View implements ICustomSeriesPaneView<Time, Point, CustomSeriesOptions> {
  private data: PaneRendererCustomData<Time, Point> | null = null;
  private readonly tiles = new Tiles();

  constructor(
    private readonly at: (time: number) => FlowBar | undefined,
    private readonly look: () => Look,
  ) {}

  renderer(): ICustomSeriesPaneRenderer {
    return { draw: (target, y) => this.draw(target, y) };
  }

  update(data: PaneRendererCustomData<Time, Point>): void {
    this.data = data;
  }

  priceValueBuilder({ bar }: Point): number[] {
    return [bar.low, bar.high, bar.close];
  }

  isWhitespace(data: Point | CustomSeriesWhitespaceData<Time>): data is CustomSeriesWhitespaceData<Time> {
    return !("bar" in data);
  }

  defaultOptions(): CustomSeriesOptions {
    return customSeriesDefaultOptions;
  }

  destroy(): void {
    this.tiles.dispose();
  }

  private draw(target: Parameters<Draw>[0], toY: Parameters<Draw>[1]): void {
    const { data } = this;
    if (!data?.visibleRange || data.barSpacing < FOLDED) return;
    const [look, { from, to }, { bars, barSpacing: spacing }] = [this.look(), data.visibleRange, data];
    const first = bars[from];
    if (!first) return;
    const y = remembering((price) => toY(price) ?? NaN);
    const step = stepFor(y, first.originalData.bar.close, spacing >= LEGIBLE[look.mode] ? ROW : FOLDED_ROW);
    const row = {
      count: bars.length,
      start: first.x - first.time * spacing,
      bar: (index: number) => bars[index]!.originalData.bar,
      place: (index: number) => bars[index]!.time,
      flow: (bar: Bar) => this.at(bar.time),
    };
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: across, verticalPixelRatio: down }) => {
      this.tiles.paint(context, row, from, to, { look, spacing, height: bitmapSize.height, across, down, step, y });
    });
  }
}

/** Bars share the prices of their levels, so that each has to be found once in a frame. */
function remembering(find: (price: number) => number): (price: number) => number {
  const known = new Map<number, number>();
  return (price) => {
    let found = known.get(price);
    if (found === undefined) known.set(price, (found = find(price)));
    return found;
  };
}

/** The smallest step whose levels are so many px high. */
function stepFor(y: (price: number) => number, price: number, height: number): bigint {
  const pixels = Math.abs(y(price) - y(price * 1.001)) / (price * 0.001);
  const needed = height / pixels;
  return Number.isFinite(needed) && needed > 0 ? stepAtLeast(scaled(needed.toFixed(8))) : 1n;
}

/** Cells reach beyond their bar's high and low by a part of a row, and below them its delta is written. */
function withRoom(info: AutoscaleInfo | null, hasNumbers: boolean): AutoscaleInfo | null {
  return info && hasNumbers ? { ...info, margins: { above: ROW, below: ROW + FOOT } } : info;
}

export class FootprintSeries implements Layer {
  private readonly series: ISeriesApi<"Custom", Time>;

  constructor(
    private readonly chart: PriceChart,
    at: (time: number) => FlowBar | undefined,
    look: () => Look,
  ) {
    const autoscaleInfoProvider = (base: () => AutoscaleInfo | null) => withRoom(base(), chart.api.timeScale().options().barSpacing >= LEGIBLE[look().mode]);
    const options = { priceLineVisible: false, lastValueVisible: false, autoscaleInfoProvider };
    this.series = chart.api.addCustomSeries(new View(at, look), options, 0);
    chart.fitsBars = true;
    chart.add(this);
  }

  update(from: number): void {
    const { bars } = this.chart;
    const points = bars.slice(from).map((bar) => ({ time: bar.time as UTCTimestamp, bar }));
    if (from === 0 || points.length > 100) this.series.setData(bars.map((bar) => ({ time: bar.time as UTCTimestamp, bar })));
    else points.forEach((point, at) => this.series.update(point, from + at < bars.length - 1));
  }

  remove(): void {
    this.chart.fitsBars = false;
    this.chart.remove(this);
    this.chart.api.removeSeries(this.series);
  }
}
