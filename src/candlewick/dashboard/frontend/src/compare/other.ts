// The other symbol's line. Of its bars only those at the times of the chart's own bars are drawn.
//
// The library compares in percent by itself. On a linear or logarithmic scale two prices would lie far apart, so there
// the other's are multiplied until both meet at the left edge of the screen. Its own price is in the legend only, since
// the axis has the first symbol's.

import { type ISeriesApi, type LineData, LineSeries, type Time, type WhitespaceData } from "lightweight-charts";
import type { Layer } from "../chart/chart";
import type { Bar } from "../data/bar";
import { Feeder, type LiveScreen } from "../data/feeder";
import type { Stage } from "../desk/stage";
import { decimalsOf, fixed } from "../format";
import { h, iconButton, ICONS, setText } from "../ui/dom";

/** After the view has rested for so long, in ms, the lines meet at its left edge again. */
const REST = 80;
const COLOUR = { dark: "#ff9f43", light: "#e8590c" };

export class Other implements Layer {
  private readonly line: ISeriesApi<"Line", Time>;
  private readonly feeder: Feeder;
  private readonly value = h("span", { class: "value" });
  private readonly row: HTMLElement;
  private readonly endings: (() => void)[];
  private pointed: number | null = null;
  private factor = 1;
  private rest = 0;

  constructor(
    private readonly stage: Stage,
    symbol: string,
    onRemove: () => void,
  ) {
    const { chart } = stage;
    const options = { lineWidth: 2, priceLineVisible: false, baseLineVisible: false, title: symbol } as const;
    this.line = chart.api.addSeries(LineSeries, options, 0);
    const remove = iconButton(`Remove ${symbol}`, ICONS.close, onRemove, "tiny");
    this.row = h("div", { class: "row" }, h("span", {}, symbol), this.value, h("span", { class: "row-tools" }, remove));
    stage.slots.legend.prepend(this.row);
    this.feeder = new Feeder(stage.history, stage.desk.live, this.screen());
    chart.add(this);
    this.endings = [
      stage.painted.on(() => this.paint()),
      stage.crosshair.on((time) => this.point(time)),
      stage.drawn.on(() => this.follow()),
      stage.chosen.on((choice) => "scale" in choice && this.meet()),
      chart.view.moved.on(() => this.meetSoon()),
    ];
    this.paint();
    this.feeder.open({ symbol, timeframe: stage.choice.timeframe });
  }

  dispose(): void {
    window.clearTimeout(this.rest);
    this.endings.forEach((end) => end());
    this.feeder.dispose();
    this.stage.chart.remove(this);
    this.stage.chart.api.removeSeries(this.line);
    this.row.remove();
  }

  /** The chart's bars changed from an index on. */
  update(from: number): void {
    const { time } = this.stage.chart.table;
    if (from === 0) this.line.setData(Array.from({ length: time.length }, (_, index) => this.pointAt(index)));
    const last = time.length - 1;
    for (let index = from; from > 0 && index <= last; index++) this.line.update(this.pointAt(index), index < last);
  }

  private screen(): LiveScreen {
    return {
      open: (bars) => this.begin(bars),
      rebuild: () => this.update(0),
      update: (changed) => this.change(changed),
      took: () => this.tell(),
      heard: () => {},
    };
  }

  private change(changed: readonly Bar[]): void {
    const { table, view } = this.stage.chart;
    this.update(view.isConflated() ? 0 : table.indexAt(changed[0]!.time));
  }

  private begin(bars: readonly Bar[]): void {
    const decimals = decimalsOf(bars.slice(-100).map((bar) => bar.close));
    const formatter = (price: number) => fixed(price, decimals);
    this.line.applyOptions({ priceFormat: { type: "custom", formatter, minMove: 10 ** -decimals } });
    this.update(0);
    this.meet();
    this.follow();
  }

  private follow(): void {
    this.tell();
    this.reachBack();
  }

  /** Fetch older bars of the other symbol where the chart's own reach further back. */
  private reachBack(): void {
    const [ours, theirs] = [this.stage.bars[0], this.feeder.store.first];
    if (ours && theirs && ours.time < theirs.time && this.feeder.hasOlder) void this.feeder.older();
  }

  private pointAt(index: number): LineData<Time> | WhitespaceData<Time> {
    const time = this.stage.chart.table.time[index]!;
    const bar = this.feeder.store.at(time);
    return bar ? { time: time as Time, value: bar.close * this.factor } : { time: time as Time };
  }

  private meetSoon(): void {
    window.clearTimeout(this.rest);
    this.rest = window.setTimeout(() => this.meet(), REST);
  }

  /** Let both lines meet at the first bar on screen that both have. */
  private meet(): void {
    const { bars, chart, choice } = this.stage;
    const isRelative = choice.scale === "percent" || choice.scale === "indexed";
    this.line.applyOptions({ lastValueVisible: isRelative });
    if (isRelative) return;
    const { from, to } = chart.view.range() ?? { from: 0, to: 0 };
    const shown = bars.slice(Math.max(0, Math.floor(from)), Math.max(0, Math.ceil(to)));
    const ours = shown.find(({ time }) => this.feeder.store.at(time));
    if (!ours) return;
    const factor = ours.close / this.feeder.store.at(ours.time)!.close;
    if (factor === this.factor) return;
    this.factor = factor;
    this.update(0);
  }

  private point(time: number | null): void {
    this.pointed = time;
    this.tell();
  }

  /** Show the value at the crosshair, or else the newest: in a replay, the one at the replay's newest bar. */
  private tell(): void {
    const { feeder, pointed, stage } = this;
    const time = pointed ?? (stage.isHeld ? stage.bars.at(-1)?.time : undefined);
    const bar = time === undefined ? feeder.store.last : feeder.store.at(time);
    const decimals = bar ? decimalsOf([bar.close]) : 2;
    setText(this.value, bar ? fixed(bar.close, decimals) : "–");
  }

  private paint(): void {
    const color = COLOUR[this.stage.desk.theme];
    this.line.applyOptions({ color });
    this.value.style.color = color;
  }
}
