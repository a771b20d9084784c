// The chart itself: bars, volume and what is laid over them, drawn by lightweight-charts. It knows bars and
// colours, but no servers.

import {
  createChartEx,
  type DeepPartial,
  HistogramSeries,
  type IChartApiBase,
  type ISeriesApi,
  type ISeriesPrimitive,
  type SeriesType,
  type TickMarkType,
  type Time,
  type TimeScaleOptions,
} from "lightweight-charts";
import type { Bar } from "../data/bar";
import { isDaily, secondsOf } from "../data/timeframes";
import { decimalsOf, fixed } from "../format";
import { Signal } from "../signal";
import type { CandleColours, Palette } from "../style/theme";
import { ZoneClock, zonedBehavior } from "../zone";
import type { ChartType, Scale } from "./charttypes";
import { CHART, chrome, SCALE_MODES, TIME_SCALE, VOLUME } from "./chrome";
import { Clicks } from "./clicks";
import { BarTable } from "./columns";
import { dayLabel, instantLabel, tickLabel } from "./labels";
import { volumeOf } from "./looks";
import { MainSeries } from "./mainseries";
import { type Edge, Viewport } from "./viewport";

/** How many prices are looked at to find a symbol's decimals. */
const SAMPLE = 300;
/** More bars than this are drawn at once rather than one by one. */
const MANY = 100;
/** A chart with more points than this, all series together, is heavy. */
const HEAVY = 30_000;

/** Something drawn over the bars, which follows them: an indicator, another symbol. */
export interface Layer {
  /** The bars changed from this index on; all of them where it is 0. `chart.table` has them. */
  update(from: number): void;
}

/** A place on the chart. */
export interface Place {
  /** The open time of the bar in whose column it is, if there is one. */
  readonly time: number | null;
  /** The price at its height; null in another pane than the bars'. */
  readonly price: number | null;
  readonly clientX: number;
  readonly clientY: number;
}

/** A look of the chart. */
export interface Look {
  readonly palette: Palette;
  readonly colours: CandleColours;
  /** Whether the grid's lines are drawn. */
  readonly lines: boolean;
}

export class PriceChart {
  /** The open time under the crosshair, or null where it left. */
  readonly crosshair = new Signal<number | null>();
  /** A click, with the open time of the bar in its column, if there is one. */
  readonly click = new Signal<number | null>();
  readonly doubleClick = new Signal<number | null>();
  /** The context menu is asked for. */
  readonly asked = new Signal<Place>();

  readonly api: IChartApiBase<Time>;
  readonly view: Viewport;
  /** The bars as columns, for what is computed from them. */
  readonly table = new BarTable();
  bars: readonly Bar[] = [];
  decimals = 2;
  /** Whether the price scale fits the bars alone, and not the lines over them: bars that are read need the height. */
  fitsBars = false;

  private readonly main: MainSeries;
  private readonly volume: ISeriesApi<"Histogram">;
  private readonly layers = new Set<Layer>();
  private look: Look;
  private clock = new ZoneClock("UTC");
  private timeframe = "1m";

  constructor(element: HTMLElement, look: Look) {
    this.look = look;
    this.api = this.makeChart(element);
    this.main = new MainSeries(this.api, this.table, look.palette, look.colours);
    this.volume = this.api.addSeries(HistogramSeries, VOLUME, 1);
    this.volume.priceScale().applyOptions({ scaleMargins: { top: 0.14, bottom: 0 } });
    this.view = new Viewport(this.api, () => this.bars.length);
    this.api.subscribeCrosshairMove(({ time }) => this.crosshair.emit(secondsOrNull(time)));
    this.listen(new Clicks(this.api));
    this.paint(look);
  }

  /** Take the chart off the page. */
  dispose(): void {
    this.view.dispose();
    this.api.remove();
  }

  /** The series of the bars; another object after a change of type. */
  get series(): ISeriesApi<SeriesType, Time> {
    return this.main.api;
  }

  /** Lay something over the bars; it is updated at once and whenever they change. */
  add(layer: Layer): void {
    this.layers.add(layer);
    layer.update(0);
  }

  remove(layer: Layer): void {
    this.layers.delete(layer);
  }

  /** Attach to the main series, and stay attached when its type changes. */
  attach(primitive: ISeriesPrimitive<Time>): void {
    this.main.attach(primitive);
  }

  detach(primitive: ISeriesPrimitive<Time>): void {
    this.main.detach(primitive);
  }

  /** The instant (s) at which the screen ends, or null where that is at the newest bar. */
  endsAt(): number | null {
    const time = this.view.edge(this.bars)?.time;
    return time == null ? null : time + secondsOf(this.timeframe);
  }

  /** Show a series, up to the instant at which the last one ended on screen; the newest bars where that showed them. */
  open(bars: readonly Bar[], timeframe: string): void {
    const edge = this.edgeFor(timeframe);
    this.timeframe = timeframe;
    this.api.timeScale().applyOptions({ secondsVisible: timeframe === "1s" });
    this.draw([]);
    this.draw(bars);
    this.fitDecimals();
    this.series.priceScale().applyOptions({ autoScale: true });
    if (edge) this.view.goToEdge(edge, bars);
    else this.view.reset();
  }

  /** Draw all bars again. What is on screen stays where it is, whatever was added before or after it. */
  rebuild(bars: readonly Bar[]): void {
    const appended = appendedTo(this.bars, bars);
    this.view.keeping(() => this.draw(bars), appended);
  }

  /** Draw bars that changed in place or were appended; `bars` is the whole series after that. */
  update(changed: readonly Bar[], bars: readonly Bar[]): void {
    const known = this.table.time.length;
    const from = Math.min(known, ...changed.map((bar) => this.table.indexAt(bar.time)));
    // While several bars share a pixel, the library takes changes to the last one only.
    const isOld = from < known - 1 && this.view.isConflated();
    if (isOld || bars.length - from > MANY) return this.rebuild(bars);
    this.bars = bars;
    this.table.write(bars, from);
    this.view.appending(bars.length - known, () => {
      this.main.update(bars, from, known);
      for (let index = from; index < bars.length; index++)
        this.volume.update(volumeOf(bars[index]!, this.look.colours), index < known - 1);
      this.layers.forEach((layer) => layer.update(from));
    });
  }

  /** Whether there are so many points that drawing a change takes much of a frame. */
  isHeavy(): boolean {
    const count = this.api.panes().reduce((sum, pane) => sum + pane.getSeries().length, 0);
    return count * this.bars.length > HEAVY;
  }

  /** Apply a look. */
  paint(look: Look): void {
    this.look = look;
    this.api.applyOptions(chrome(look.palette, look.lines));
    this.main.paint(look.palette, look.colours);
    this.volume.setData(this.bars.map((bar) => volumeOf(bar, look.colours)));
  }

  /** Label the axis in a zone; the bars stay where they are. */
  setClock(clock: ZoneClock): void {
    if (clock === this.clock) return;
    this.clock = clock;
    // The library keeps the labels it has written until an option of the time scale is applied, and weighs ticks when data
    // is set; so do both.
    this.api.timeScale().applyOptions({});
    this.rebuild(this.bars);
  }

  setType(type: ChartType): void {
    this.view.keeping(() => this.main.setType(type));
  }

  /** Choose the price scale, and fit it to what is on screen. */
  setScale(scale: Scale, inverted: boolean): void {
    const mode = SCALE_MODES[scale];
    this.series.priceScale().applyOptions({ mode, invertScale: inverted, autoScale: true });
  }

  /** Whether the price scale is fitted to what is on screen, rather than moved by hand. */
  isFitted(): boolean {
    return this.series.priceScale().options().autoScale;
  }

  /** Put the crosshair on the bar at or before a time, or take it away. */
  pointAt(time: number | null): void {
    const index = time === null ? -1 : this.table.indexAt(time + 1) - 1;
    const bar = this.bars[index];
    if (bar) this.api.setCrosshairPosition(bar.close, bar.time as Time, this.series);
    else this.api.clearCrosshairPosition();
  }

  /** A price as the axis writes it. */
  priceText(price: number): string {
    return fixed(price, this.decimals);
  }

  /** An instant (s) as the crosshair's label writes it. */
  instantText(time: number): string {
    return instantLabel(time, this.timeframe, this.clock);
  }

  /** Where the screen is to end with another series; null to begin with its newest bars. */
  private edgeFor(timeframe: string): Edge | null {
    if (timeframe === this.timeframe) return this.view.edge(this.bars);
    const end = this.endsAt();
    return end === null ? null : { time: end - 1, bars: 0 };
  }

  private tickText(time: number, type: TickMarkType): string {
    return (isDaily(this.timeframe) ? dayLabel : tickLabel)(time, type, this.clock);
  }

  private listen({ clicked, doubled, asked }: Clicks): void {
    const timeAt = (x: number) => secondsOrNull(this.api.timeScale().coordinateToTime(x));
    clicked.on((x) => this.click.emit(timeAt(x)));
    doubled.on((x) => this.doubleClick.emit(timeAt(x)));
    asked.on(({ x, y, clientX, clientY }) => {
      const isOnBars = y < this.api.paneSize(this.series.getPane().paneIndex()).height;
      const price = isOnBars ? this.series.coordinateToPrice(y) : null;
      this.asked.emit({ time: timeAt(x), price, clientX, clientY });
    });
  }

  private makeChart(element: HTMLElement): IChartApiBase<Time> {
    const behavior = zonedBehavior(() => this.clock);
    const timeScale: DeepPartial<TimeScaleOptions> = {
      ...TIME_SCALE,
      tickMarkFormatter: (time: Time, type: TickMarkType) => this.tickText(Number(time), type),
    };
    return createChartEx<Time, typeof behavior>(element, behavior, {
      ...CHART,
      timeScale,
      localization: { timeFormatter: (time: Time) => this.instantText(Number(time)) },
    });
  }

  private draw(bars: readonly Bar[]): void {
    this.bars = bars;
    this.table.write(bars);
    this.main.draw(bars);
    this.volume.setData(bars.map((bar) => volumeOf(bar, this.look.colours)));
    this.layers.forEach((layer) => layer.update(0));
  }

  private fitDecimals(): void {
    this.decimals = decimalsOf(this.bars.slice(-SAMPLE).map((bar) => bar.close));
    const formatter = (price: number) => this.priceText(price);
    this.main.setPriceFormat({ type: "custom", formatter, minMove: 10 ** -this.decimals });
  }
}

function secondsOrNull(time: Time | null | undefined): number | null {
  return time == null ? null : Number(time);
}

/** How many bars were appended to `before`; negative if some at its end were dropped. */
function appendedTo(before: readonly Bar[], now: readonly Bar[]): number {
  const after = (bars: readonly Bar[], last: Bar | undefined) => {
    const index = bars.findLastIndex((bar) => bar.time === last?.time);
    return index < 0 ? 0 : bars.length - 1 - index;
  };
  return after(now, before.at(-1)) || -after(before, now.at(-1));
}
