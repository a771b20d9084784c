// The volume profile of a time: what is on screen, the session, or between two bars that the reader chose.

import { FONT } from "../chart/chrome";
import { Grip } from "../chart/grip";
import { Painted, place, type Size } from "../chart/painted";
import { numberOf, scaled } from "../data/amount";
import { secondsOf } from "../data/timeframes";
import type { Stage } from "../desk/stage";
import { faded } from "../style/theme";
import { fetchProfile, type Span } from "./answers";
import type { Standing } from "./book";
import { merged, stepAtLeast, type Level } from "./cells";
import { type Column, made } from "./columns";
import type { ProfileOf } from "./shown";
import type { FlowSource } from "./source";
import { toneOf, WORDS } from "./words";

/** The view rests for this long, in ms, before it is asked for; while live it is asked for again so often. */
const REST = 200;
const AGAIN = 5_000;
const LEVELS = 140;
const DAY = 86_400;
/** Px; where less is free beside the newest bar, the profile lies over bars. */
const [WIDEST, NARROWEST] = [220, 40];
const PHONE = 600;
const LONGEST = 45 * DAY;

interface Found {
  readonly span: Span;
  readonly column: Column;
  readonly standing: Standing;
  readonly why: readonly string[];
}

export class VolumeProfile {
  /** What the reader chose with `drawn`: two open times. */
  drawn: readonly [number, number] | null = null;

  private of: ProfileOf | null = null;
  private found: Found | null = null;
  private aborter = new AbortController();
  private rest = 0;
  private readonly timer: number;
  private readonly grip: Grip<0 | 1>;
  private readonly painted = new Painted("top", (context, size) => this.found && this.paint(context, size, this.found));

  constructor(
    private readonly stage: Stage,
    private readonly source: FlowSource,
  ) {
    stage.chart.attach(this.painted);
    this.grip = new Grip<0 | 1>(stage.chart, "data-over-edge", {
      under: (x, _, reach) => this.edgeAt(x, reach),
      moved: (edge, x) => this.pull(edge, x),
      dropped: () => this.soon(),
    });
    stage.presses.add(this.grip.tookPress);
    stage.chart.view.moved.on(() => this.soon());
    stage.opened.on(() => {
      this.drawn = null;
      this.found = null;
      this.soon();
    });
    stage.replayed.on(() => this.soon());
    stage.painted.on(() => this.painted.refresh());
    this.timer = window.setInterval(() => this.soon(), AGAIN);
  }

  dispose(): void {
    window.clearInterval(this.timer);
    window.clearTimeout(this.rest);
    this.aborter.abort();
    this.grip.dispose();
    this.stage.presses.delete(this.grip.tookPress);
  }

  show(of: ProfileOf | null): void {
    this.of = of;
    if (of === null) this.found = null;
    this.painted.refresh();
    this.soon();
  }

  soon(): void {
    window.clearTimeout(this.rest);
    if (this.of) this.rest = window.setTimeout(() => void this.look(), REST);
  }

  private async look(): Promise<void> {
    const { bars, config, isHeld, series } = this.stage;
    const span = this.span();
    if (!span || document.hidden) return;
    this.aborter.abort();
    const { signal } = (this.aborter = new AbortController());
    const step = this.stepFor(span);
    if (isHeld) return this.set(span, merged(this.levelsOnScreen(span), step), step, "live", []);
    if (bars.length === 0 || span.before - span.since > LONGEST) return;
    try {
      const told = await fetchProfile(config.base, series.symbol, span, numberOf(step).toFixed(8), signal);
      if (told && !signal.aborted) this.set(span, told.levels, told.step, told.standing, told.why);
    } catch (error) {
      // The server is away, which the status bar tells; the next look asks again.
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
    }
  }

  private set(span: Span, levels: readonly Level[], step: bigint, standing: Standing, why: readonly string[]): void {
    this.found = { span, column: made(levels, step), standing, why };
    this.painted.refresh();
  }

  /** Where the edges of a drawn range are, in px; the first before its bar, the last behind its own. */
  private edges(): [number, number] | null {
    if (this.of !== "drawn" || !this.drawn) return null;
    const { table, view } = this.stage.chart;
    const [first, last] = [Math.min(...this.drawn), Math.max(...this.drawn)];
    return [place(view, table.indexAt(first) - 0.5), place(view, table.indexAt(last) + 0.5)];
  }

  private edgeAt(x: number, reach: number): 0 | 1 | undefined {
    const edges = this.edges();
    if (!edges) return undefined;
    const [first, last] = edges.map((edge) => Math.abs(edge - x)) as [number, number];
    if (Math.min(first, last) > reach) return undefined;
    return first < last ? 0 : 1;
  }

  /** Move an edge to the bar in the column of a pointer; neither passes the other. */
  private pull(edge: 0 | 1, x: number): void {
    const { bars, chart } = this.stage;
    if (!this.drawn) return;
    const [first, last] = [Math.min(...this.drawn), Math.max(...this.drawn)];
    const index = Math.round(chart.api.timeScale().coordinateToLogical(x) ?? 0);
    const time = bars[Math.min(bars.length - 1, Math.max(0, index))]!.time;
    this.drawn = edge === 0 ? [Math.min(time, last), last] : [first, Math.max(time, first)];
    this.painted.refresh();
    this.soon();
  }

  private *levelsOnScreen({ since, before }: Span): Iterable<Level> {
    for (const { time } of this.stage.bars)
      if (time >= since && time < before) yield* this.source.at(time)?.cells.levels.values() ?? [];
  }

  /** The time that the profile is of. */
  private span(): Span | null {
    const { bars, chart, series } = this.stage;
    const range = chart.view.range();
    if (!range || bars.length === 0) return null;
    const at = (index: number) => bars[Math.min(bars.length - 1, Math.max(0, index))]!.time;
    const [first, last] = [at(Math.ceil(range.from)), at(Math.floor(range.to))];
    const length = secondsOf(series.timeframe);
    if (this.of === "drawn") return this.drawn && { since: Math.min(...this.drawn), before: Math.max(...this.drawn) + length };
    if (this.of === "visible") return { since: first, before: last + length };
    const midnight = last - (last % DAY);
    return { since: midnight, before: Math.min(midnight + DAY, bars.at(-1)!.time + length) };
  }

  private stepFor({ since, before }: Span): bigint {
    const { bars, chart } = this.stage;
    const within = bars.filter(({ time }) => time >= since && time < before);
    const height = Math.max(...within.map(({ high }) => high)) - Math.min(...within.map(({ low }) => low));
    const least = 10 ** -chart.decimals;
    return stepAtLeast(scaled(Math.max(Number.isFinite(height) ? height / LEVELS : 0, least).toFixed(8)));
  }

  /** How much room there is at the right of the newest bar, in px; 0 where that is not on screen. */
  private freeBeside(width: number): number {
    const { bars, chart: { view } } = this.stage;
    return view.isLive() ? Math.max(0, width - place(view, bars.length - 0.5)) : 0;
  }

  /** The edges of a drawn range, each with a grip in its middle. */
  private paintEdges(context: CanvasRenderingContext2D, { height }: Size): void {
    context.strokeStyle = context.fillStyle = this.stage.desk.palette.accent;
    for (const edge of this.edges() ?? []) {
      const x = Math.round(edge) + 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, height);
      context.stroke();
      context.beginPath();
      context.roundRect(x - 3, height / 2 - 14, 6, 28, 3);
      context.fill();
    }
  }

  private paint(context: CanvasRenderingContext2D, size: Size, { span, column, standing }: Found): void {
    const { width } = size;
    this.paintEdges(context, size);
    const { chart, desk } = this.stage;
    const { colours } = desk.prefs;
    const { palette } = desk;
    const isDrawn = this.of === "drawn";
    context.font = `600 10px ${FONT}`;
    const longest = context.measureText(`POC ${WORDS[standing].mark} ${chart.priceText(column.prices.at(-1) ?? 0)}`).width + 16;
    const free = isDrawn ? 0 : this.freeBeside(width);
    const wide = wideIn(width, free, longest);
    // Where there is no room beside the profile, its words are on it, and the price is on the axis alone.
    const isOnIt = !isDrawn && free < wide + longest && (free > 0 || width < PHONE);
    const left = isDrawn ? place(chart.view, chart.table.indexAt(span.since) - 0.5) : width;
    const x = (long: number) => (isDrawn ? left : left - long);
    const { area } = column.reading;
    column.levels.forEach((_, at) => {
      const [one, other] = [chart.series.priceToCoordinate(column.prices[at]!), chart.series.priceToCoordinate(column.prices[at]! + column.step)];
      if (one === null || other === null) return;
      const [top, height] = [Math.min(one, other), Math.max(1, Math.abs(one - other) - 1)];
      const inArea = area !== null && at >= area.low && at <= area.high;
      const [bought, sold] = [(column.bought[at]! / column.most) * wide, (column.sold[at]! / column.most) * wide];
      context.fillStyle = faded(colours.bullFill, inArea ? 0.42 : 0.2);
      context.fillRect(x(bought), top, bought, height);
      context.fillStyle = faded(colours.bearFill, inArea ? 0.42 : 0.2);
      context.fillRect(isDrawn ? left + bought : left - bought - sold, top, sold, height);
    });
    if (!area) return;
    const label = (name: string, at: number, colour: string) => {
      const y = chart.series.priceToCoordinate(column.prices[at]! + column.step / 2);
      if (y === null) return;
      context.strokeStyle = colour;
      context.setLineDash(name === "POC" ? [] : [3, 3]);
      context.beginPath();
      context.moveTo(isDrawn ? left : width - wide, y);
      context.lineTo(isDrawn ? left + wide : width, y);
      context.stroke();
      const words = isOnIt ? name : `${name} ${chart.priceText(column.prices[at]!)}`;
      const long = context.measureText(words).width;
      const start = isDrawn ? left + wide + 4 : isOnIt ? width - long - 4 : width - wide - long - 6;
      context.fillStyle = palette.background;
      context.fillRect(start - 2, y - 7, long + 4, 14);
      context.fillStyle = colour;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillText(words, start, y);
    };
    label("VAH", area.high, palette.muted);
    label("VAL", area.low, palette.muted);
    label(`POC ${WORDS[standing].mark}`.trim(), area.point, toneOf(standing, palette));
  }
}

/** How wide a profile is: it leaves the newest bar alone where it can, and its words, too. */
function wideIn(width: number, free: number, words: number): number {
  const most = Math.min(WIDEST, width * 0.25);
  const room = free - words >= NARROWEST ? free - words : free >= NARROWEST ? free : most;
  return Math.min(most, room);
}
