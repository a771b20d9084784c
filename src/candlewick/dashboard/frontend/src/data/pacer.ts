// When to draw what changed: at once, but for a chart with so much on it that the library, which maps all points of all
// series anew after a change, would make a hand that pans stutter. Then the change waits until the hand rests.

import type { Bar } from "./bar";

const LOOK_EVERY = 60;
/** A change waits no longer than this, in ms. */
const LONGEST = 1_000;

export class Pacer {
  /** The earliest bar that changed; all after it are drawn anew. */
  private earliest: Bar | null = null;
  private since = 0;
  private timer = 0;

  constructor(
    private readonly isBusy: () => boolean,
    private readonly draw: (changed: readonly Bar[]) => void,
  ) {}

  /** Take bars that changed, ascending by time. */
  take(changed: readonly Bar[]): void {
    const first = changed[0];
    if (!first) return;
    if (!this.earliest) this.since = performance.now();
    if (!this.earliest || first.time < this.earliest.time) this.earliest = first;
    if (this.timer === 0) this.look();
  }

  /** Forget what waits: it was drawn, or is not to be drawn any more. */
  clear(): void {
    window.clearTimeout(this.timer);
    this.timer = 0;
    this.earliest = null;
  }

  private look(): void {
    const { earliest } = this;
    if (this.isBusy() && performance.now() - this.since < LONGEST) {
      this.timer = window.setTimeout(() => this.look(), LOOK_EVERY);
    } else if (earliest) {
      this.clear();
      this.draw([earliest]);
    }
  }
}
