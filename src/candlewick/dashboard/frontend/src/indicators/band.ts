// Shades the area between two outputs, such as Bollinger's bands.

import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";
import { indexAt } from "../chart/columns";
import type { Values } from "../chart/program";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

/** Attach it to the series of one of the two outputs. */
export class Band implements ISeriesPrimitive<Time> {
  private attachment: SeriesAttachedParameter<Time> | null = null;
  private readonly panes: readonly IPrimitivePaneView[];
  private readonly times: ArrayLike<number>;
  private readonly upper: Values;
  private readonly lower: Values;
  private readonly colour: () => string;

  /** The values are read in place whenever the chart paints. */
  constructor(times: ArrayLike<number>, upper: Values, lower: Values, colour: () => string) {
    this.times = times;
    this.upper = upper;
    this.lower = lower;
    this.colour = colour;
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.panes = [{ zOrder: () => "bottom", renderer: () => renderer }];
  }

  attached(attachment: SeriesAttachedParameter<Time>): void {
    this.attachment = attachment;
  }

  detached(): void {
    this.attachment = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.panes;
  }

  private draw(target: Target): void {
    if (!this.attachment?.series.options().visible) return;
    const { chart, series } = this.attachment;
    const range = chart.timeScale().getVisibleRange();
    if (!range) return;
    const indices = this.valued(indexAt(this.times, Number(range.from)) - 1, indexAt(this.times, Number(range.to)) + 1);
    const pixel = (values: Values) => (index: number) =>
      [chart.timeScale().timeToCoordinate(this.times[index] as Time) ?? 0, series.priceToCoordinate(values[index]!) ?? 0] as const;
    const edge = [...indices.map(pixel(this.upper)), ...indices.toReversed().map(pixel(this.lower))];
    target.useMediaCoordinateSpace(({ context }) => {
      context.fillStyle = this.colour();
      context.beginPath();
      edge.forEach(([x, y]) => context.lineTo(x, y));
      context.fill();
    });
  }

  /** The bars of a range that have values; those of the warm-up have none. */
  private valued(from: number, to: number): number[] {
    const indices: number[] = [];
    for (let index = Math.max(0, from); index < Math.min(to, this.upper.length); index++) {
      if (!Number.isNaN(this.upper[index]!)) indices.push(index);
    }
    return indices;
  }
}
