// An indicator on a chart: one series per output, its guide levels and its band.

import {
  type AutoscaleInfo,
  HistogramSeries,
  type IChartApiBase,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  LineType,
  type PriceFormat,
  type SeriesType,
  type Time,
} from "lightweight-charts";
import type { Values } from "../chart/program";
import { short } from "../format";
import { faded, type ThemeName } from "../style/theme";
import { Band } from "./band";
import { drawn, type Unit } from "./definition";
import type { Indicator } from "./indicator";
import type { Dash, Output, Width } from "./style";

/** A histogram takes the same points as a line. */
type Drawn = ISeriesApi<"Line", Time>;

/** More changed points than this are set at once rather than one by one. */
const MANY = 100;

/** How it is drawn: by output where the reader chose otherwise than the default. */
export interface PlotLook {
  readonly theme: ThemeName;
  readonly colours: Readonly<Record<string, string>>;
  readonly strokes: Strokes;
  readonly guides: readonly number[];
  readonly guide: string;
}

/** Width and dash of lines, by output. */
export type Strokes = Readonly<Record<string, { readonly width?: Width; readonly dash?: Dash }>>;

const LINE_STYLES: Readonly<Record<Dash, LineStyle>> = {
  solid: LineStyle.Solid,
  dotted: LineStyle.Dotted,
  dashed: LineStyle.Dashed,
};

export class Plot {
  readonly indicator: Indicator;
  private readonly times: ArrayLike<number>;
  private readonly chart: IChartApiBase<Time>;
  private readonly series: ReadonlyMap<string, Drawn>;
  private look: PlotLook;

  /**
   * `times` are those of the indicator's bars; `price` writes prices as the price axis does. `isFitted` tells whether the
   * price scale makes room for it, where it is drawn over the bars.
   */
  constructor(
    chart: IChartApiBase<Time>,
    indicator: Indicator,
    times: ArrayLike<number>,
    pane: number,
    look: PlotLook,
    price: (value: number) => string,
    private readonly isFitted: () => boolean,
  ) {
    this.chart = chart;
    this.indicator = indicator;
    this.times = times;
    this.look = look;
    const format = formatOf(indicator.definition.unit, price);
    this.series = new Map(drawn(indicator.definition).map(([name, output]) => [name, this.add(output, pane, format)]));
    this.shade();
    this.paint(look);
  }

  /** The index of its pane, which changes as panes come and go. */
  get pane(): number {
    return this.first.getPane().paneIndex();
  }

  /** Draw the bars from index `from` on, after `indicator.update(from)`. */
  update(from = 0): void {
    for (const [name, series] of this.series) {
      const length = this.indicator.outputs[name]!.length;
      if (from === 0 || length - from > MANY) series.setData(this.pointsOf(name, 0));
      else this.pointsOf(name, from).forEach((point, i) => series.update(point, from + i < length - 1));
    }
  }

  /** Apply a theme and the reader's colours. */
  paint(look: PlotLook): void {
    this.look = look;
    for (const [name, series] of this.series) {
      const { width, dash = "solid" } = look.strokes[name] ?? {};
      const lineWidth = width ?? this.indicator.definition.outputs[name]!.width;
      series.applyOptions({ color: this.colourOf(name), lineWidth, lineStyle: LINE_STYLES[dash] });
    }
    this.mark();
    this.update();
  }

  /** Show or hide it; its values stay. */
  show(visible: boolean): void {
    for (const series of this.series.values()) series.applyOptions({ visible });
  }

  /** Take it off the chart. A pane of its own goes with its last series. */
  remove(): void {
    for (const series of this.series.values()) this.chart.removeSeries(series);
  }

  private get first(): Drawn {
    return this.series.values().next().value!;
  }

  private add({ kind, width }: Output, pane: number, priceFormat: PriceFormat): Drawn {
    const lastValueVisible = this.indicator.definition.pane === "own";
    const options = {
      priceFormat,
      lastValueVisible,
      priceLineVisible: false,
      ...(pane === 0 && { autoscaleInfoProvider: (original: () => AutoscaleInfo | null) => (this.isFitted() ? original() : null) }),
    };
    if (kind !== "histogram") {
      const lineType = kind === "steps" ? LineType.WithSteps : LineType.Simple;
      return this.chart.addSeries(LineSeries, { ...options, lineWidth: width, lineType }, pane);
    }
    return this.chart.addSeries(HistogramSeries, options, pane) as ISeriesApi<SeriesType, Time> as Drawn;
  }

  private mark(): void {
    for (const line of this.first.priceLines()) this.first.removePriceLine(line);
    for (const price of this.look.guides) {
      const line = { price, color: this.look.guide, lineWidth: 1, lineStyle: LineStyle.Dashed } as const;
      this.first.createPriceLine({ ...line, axisLabelVisible: false });
    }
  }

  private shade(): void {
    const { band } = this.indicator.definition;
    if (!band) return;
    const [upper, lower] = band;
    const { outputs } = this.indicator;
    const colour = () => faded(this.colourOf(upper), 0.07);
    this.series.get(upper)!.attachPrimitive(new Band(this.times, outputs[upper]!, outputs[lower]!, colour));
  }

  private colourOf(name: string): string {
    return this.look.colours[name] ?? this.indicator.definition.outputs[name]!.colour[this.look.theme];
  }

  private pointsOf(name: string, from: number): Point<Time>[] {
    const output = this.indicator.definition.outputs[name]!;
    // Where the reader chose a colour, it is that of every bar.
    const shade = this.look.colours[name] ? undefined : output.shade;
    const colour = shade && ((index: number) => shade(index, this.indicator.outputs)[this.look.theme]);
    return points<Time>(this.times, this.indicator.outputs[name]!, from, colour);
  }
}

function formatOf(unit: Unit, price: (value: number) => string): PriceFormat {
  if (unit === "percent") return { type: "price", precision: 2, minMove: 0.01 };
  return { type: "custom", formatter: unit === "price" ? price : short, minMove: 1e-8 };
}

/** A point of a series. One without a value only reserves its time on the axis. */
export type Point<Time> = { time: Time } | { time: Time; value: number; color?: string };

/** The points of an output from bar `from` on. `Time` is the chart's brand of seconds. */
export function points<Time>(
  times: ArrayLike<number>,
  values: Values,
  from = 0,
  colour?: (index: number) => string,
): Point<Time>[] {
  const made: Point<Time>[] = [];
  for (let index = from; index < values.length; index++) {
    const time = times[index] as Time;
    const value = values[index]!;
    if (Number.isNaN(value)) made.push({ time });
    else if (colour) made.push({ time, value, color: colour(index) });
    else made.push({ time, value });
  }
  return made;
}
