import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import type { IChartApiBase, Time } from "lightweight-charts";

import { type View, Viewport } from "../../src/chart/viewport";
import { type Bar, State } from "../../src/data/bar";
import { pretendPage } from "../page";

pretendPage("http://host/chart");
Object.assign(globalThis, { devicePixelRatio: 1 });

const FRAME = 20;

/**
 * The chart library's time scale, as its documents tell: a position is the number of bars from the newest one to the
 * right edge, it moves with the next frame, and data set anew keeps the position.
 */
class TimeScale {
  barSpacing = 10;
  right = 0;
  moves = 0;
  private readonly listeners = new Set<(range: View | null) => void>();

  constructor(
    readonly count: () => number,
    readonly px = 900,
  ) {}

  width = () => this.px;
  options = () => ({ barSpacing: this.barSpacing });
  scrollPosition = () => this.right;
  logicalToCoordinate = (index: number) => this.px - (this.count() - 1 + this.right - index) * this.barSpacing;

  applyOptions({ barSpacing }: { barSpacing: number }): void {
    this.barSpacing = barSpacing;
    this.tell();
  }

  scrollToPosition(position: number): void {
    this.moves += 1;
    requestAnimationFrame(() => {
      this.right = position;
      this.tell();
    });
  }

  getVisibleLogicalRange(): View {
    const to = this.count() - 1 + this.right;
    return { from: to - this.px / this.barSpacing, to };
  }

  subscribeVisibleLogicalRangeChange = (listener: (range: View | null) => void) => void this.listeners.add(listener);
  unsubscribeVisibleLogicalRangeChange = (listener: (range: View | null) => void) => void this.listeners.delete(listener);

  tell(): void {
    this.listeners.forEach((listener) => listener(this.getVisibleLogicalRange()));
  }
}

function viewed(count: number, px?: number) {
  const held = { count };
  const scale = new TimeScale(() => held.count, px);
  const view = new Viewport({ timeScale: () => scale } as unknown as IChartApiBase<Time>, () => held.count);
  return { view, scale, held };
}

const frame = () => mock.timers.tick(FRAME);

function bars(from: number, to: number, step = 60): Bar[] {
  const bar = (time: number) => ({ time, open: 1, high: 1, low: 1, close: 1, volume: 1, quoteVolume: 1, trades: 1, state: State.Complete });
  return Array.from({ length: to - from }, (_, index) => bar((from + index) * step));
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

test("a view is live while the newest bar is on screen, and where there is none", () => {
  const { view, scale, held } = viewed(1_000);
  assert.equal(view.isLive(), true);
  scale.right = -1;
  assert.equal(view.isLive(), false);
  held.count = 0;
  assert.equal(view.isLive(), true);
});

test("bars drawn anew leave the past where it is: whatever came before them, or after", () => {
  const { view, scale, held } = viewed(1_000);
  scale.right = -400;
  const newest = () => held.count - 1 + view.position();
  const shown = newest();
  view.keeping(() => (held.count += 30), 30);
  frame();
  assert.equal(newest(), shown);
  // Older ones shift every index, and the position counts from the newest bar.
  view.keeping(() => (held.count += 2_000), 0);
  frame();
  assert.equal(newest(), shown + 2_000);
  // The newest gave way: the screen ends as many bars nearer to what is the newest now.
  view.keeping(() => (held.count -= 100), -100);
  frame();
  assert.equal(newest(), shown + 2_000);
});

test("a live view stays live when bars come", () => {
  const { view, scale, held } = viewed(1_000);
  scale.right = 8;
  view.keeping(() => (held.count += 30), 30);
  frame();
  assert.deepEqual([view.position(), scale.moves], [8, 0]);
});

test("bars appended while a move is under way do not carry it along", () => {
  const { view, held } = viewed(1_000);
  view.pan(-300);
  view.appending(2, () => (held.count += 2));
  frame();
  assert.equal(held.count - 1 + view.position(), 699);
});

test("moves that follow each other within a frame add up", () => {
  const { view } = viewed(1_000);
  view.pan(-10);
  view.pan(-10);
  assert.equal(view.position(), -20);
  frame();
  view.page(-0.5);
  frame();
  assert.equal(view.position(), -20 - 45);
});

test("another symbol is shown up to the same time; one that is live stays live", () => {
  const { view, scale, held } = viewed(1_000);
  const ours = bars(0, 1_000);
  scale.right = -399.5;
  const edge = view.edge(ours)!;
  assert.deepEqual(edge, { time: 599 * 60, bars: 0.5 });
  const theirs = bars(500, 900);
  held.count = theirs.length;
  view.goToEdge(edge, theirs);
  frame();
  assert.equal(theirs[Math.floor(held.count - 1 + view.position())]!.time, 599 * 60);
  scale.right = 8;
  assert.deepEqual(view.edge(theirs), { time: null, bars: 8 });
  assert.equal(view.edge([]), null);
});

test("a bar is put in the middle of the screen", () => {
  const { view, held } = viewed(1_000);
  view.centre(300);
  frame();
  const { from, to } = view.range()!;
  assert.equal((from + to) / 2, 300);
  assert.equal(held.count, 1_000);
});

test("zooming stops before bars are too wide, or too narrow to be told apart", () => {
  const { view, scale } = viewed(1_000);
  view.zoom(1);
  assert.equal(scale.barSpacing, 12.5);
  view.zoom(40);
  assert.equal(scale.barSpacing, 120);
  view.zoom(-100);
  assert.equal(scale.barSpacing, 0.2);
  assert.equal(view.isConflated(), true);
});

test("reset shows the newest bars, narrower on a phone", () => {
  for (const [px, spacing] of [[390, 6], [1_440, 9]] as const) {
    const { view, scale } = viewed(1_000, px);
    scale.right = -500;
    view.reset();
    frame();
    assert.deepEqual([scale.barSpacing, view.isLive()], [spacing, true]);
  }
});

test("it says when either end of what is loaded comes near", () => {
  const { view, scale } = viewed(3_000);
  const near: string[] = [];
  view.nearStart.on(() => near.push("start"));
  view.nearEnd.on(() => near.push("end"));
  const at = (right: number) => {
    near.length = 0;
    scale.right = right;
    scale.tell();
    return near.join();
  };
  assert.deepEqual([at(-1_500), at(-2_850), at(-50)], ["", "start", "end"]);
  view.dispose();
  assert.equal(at(-2_850), "");
});

test("a view rests a while after it moved", () => {
  const { view, scale } = viewed(1_000);
  assert.equal(view.isMoving(), false);
  scale.tell();
  assert.equal(view.isMoving(), true);
});
