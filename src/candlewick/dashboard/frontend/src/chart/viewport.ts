// The view, which is the range of bars on screen: what moves it, and what must not.

import type { IChartApiBase, Logical, Time } from "lightweight-charts";
import type { Bar } from "../data/bar";
import { Signal } from "../signal";
import { RIGHT_ROOM } from "./chrome";

/** A range of bar positions, fractions included. */
export interface View {
  from: number;
  to: number;
}

/** Where the screen ends: so many bars after the bar of a time, or after the newest bar if that is on screen. */
export interface Edge {
  readonly time: number | null;
  readonly bars: number;
}

/** Width in px of a bar when a series is opened, on a phone and on a desk. */
const BAR_WIDTH = { phone: 6, desk: 9 };
const PHONE = 600;
/** Ask for more bars when fewer than this remain beside the view. */
const PREFETCH = 120;
/** A view that has not moved for this long rests, in ms. */
const REST = 150;
const ZOOM_STEP = 1.25;
/** The widest bar, in px. */
const WIDEST = 120;
const NARROWEST = 0.2;

export class Viewport {
  /** The view moved. */
  readonly moved = new Signal();
  /** The view came near the oldest bar, or near the newest. */
  readonly nearStart = new Signal();
  readonly nearEnd = new Signal();

  private movedAt = -Infinity;
  private target: number | null = null;
  private readonly chart: IChartApiBase<Time>;
  private readonly count: () => number;
  private readonly onRange = (range: View | null) => this.see(range);

  /** `count` tells how many bars there are. */
  constructor(chart: IChartApiBase<Time>, count: () => number) {
    this.chart = chart;
    this.count = count;
    chart.timeScale().subscribeVisibleLogicalRangeChange(this.onRange);
  }

  dispose(): void {
    this.chart.timeScale().unsubscribeVisibleLogicalRangeChange(this.onRange);
  }

  /** The bar positions on screen. */
  range(): View | null {
    return this.chart.timeScale().getVisibleLogicalRange();
  }

  /** Whether the newest bar is on screen. */
  isLive(): boolean {
    return this.count() === 0 || this.position() > -0.5;
  }

  /** Whether it moved just now. */
  isMoving(): boolean {
    return performance.now() - this.movedAt < REST;
  }

  /** Whether several bars share a pixel. */
  isConflated(): boolean {
    return this.chart.timeScale().options().barSpacing * window.devicePixelRatio < 1;
  }

  /** Go to the newest bar. */
  goLive(): void {
    this.scrollTo(RIGHT_ROOM);
  }

  /** Move by some bars, to the left where negative. */
  pan(bars: number): void {
    this.scrollTo(this.position() + bars);
  }

  /** Move by a share of the screen. */
  page(screens: number): void {
    const { from, to } = this.range() ?? { from: 0, to: 0 };
    this.pan(screens * (to - from));
  }

  /** Zoom in where steps are positive, about the right edge of the screen. */
  zoom(steps: number): void {
    const spacing = this.chart.timeScale().options().barSpacing * ZOOM_STEP ** steps;
    this.chart.timeScale().applyOptions({ barSpacing: Math.min(WIDEST, Math.max(NARROWEST, spacing)) });
  }

  /** Show the newest bars in their original width. */
  reset(): void {
    const isPhone = this.chart.timeScale().width() < PHONE;
    this.chart.timeScale().applyOptions({ barSpacing: isPhone ? BAR_WIDTH.phone : BAR_WIDTH.desk });
    this.target = null;
    this.scrollTo(RIGHT_ROOM);
  }

  /** Where the screen ends, in terms that apply to another symbol's bars too. */
  edge(bars: readonly Bar[]): Edge | null {
    if (bars.length === 0) return null;
    if (this.isLive()) return { time: null, bars: this.position() };
    const end = bars.length - 1 + this.position();
    const index = Math.max(0, Math.floor(end));
    return { time: bars[index]!.time, bars: end - index };
  }

  /** Move the view so that the screen ends there. */
  goToEdge({ time, bars: after }: Edge, bars: readonly Bar[]): void {
    if (time === null) return this.scrollTo(after);
    const index = bars.findLastIndex((bar) => bar.time <= time);
    this.scrollTo(Math.max(0, index) + after - (bars.length - 1));
  }

  /** Put a bar in the middle of the screen. */
  centre(index: number): void {
    const { from, to } = this.range() ?? { from: 0, to: 0 };
    this.scrollTo(index + (to - from) / 2 - (this.count() - 1));
  }

  /** Draw all bars without moving the view; `appended` is the number of bars that are new at the end. */
  keeping(draw: () => void, appended = 0): void {
    const [position, live, isEmpty] = [this.position(), this.isLive(), this.count() === 0];
    draw();
    if (!live && !isEmpty) this.scrollTo(position - appended);
  }

  /** Append bars without moving the view. The library sees to that itself, but not while the view is still moving. */
  appending(appended: number, draw: () => void): void {
    const [position, isOnItsWay] = [this.position(), this.target !== null];
    draw();
    if (isOnItsWay && position < 0) this.scrollTo(position - appended);
  }

  /** The place of a bar on screen, in px from the left of the panes. */
  x(position: number): number {
    return this.chart.timeScale().logicalToCoordinate(position as Logical) ?? NaN;
  }

  /** How many bars the view ends after the newest one; negative where that is off the screen. */
  position(): number {
    return this.target ?? this.chart.timeScale().scrollPosition();
  }

  /** The library moves the view in its next frame; until then `target` is the position. */
  private scrollTo(position: number): void {
    if (Math.abs(position - this.position()) < 1e-6 && this.target === null) return;
    this.target = position;
    this.chart.timeScale().scrollToPosition(position, false);
    requestAnimationFrame(() => (this.target = null));
  }

  private see(range: View | null): void {
    this.movedAt = performance.now();
    this.moved.emit();
    if (!range || this.count() === 0) return;
    if (range.from < PREFETCH) this.nearStart.emit();
    if (range.to > this.count() - PREFETCH) this.nearEnd.emit();
  }
}
