// Decides when a change is drawn. Usually that is at once. But after a change the library maps all points of all series
// again; on a chart with many of them panning would stutter, so there a change waits until the view rests.

import type { Bar } from "./bar";

const LOOK_EVERY = 60;
/** A change waits no longer than this, in ms. */
const LONGEST = 1_000;

export class Pacer {
  /** The earliest bar that changed; it and all after it are drawn again. */
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

  /** Drop the change that waits, because it was drawn or must not be drawn any more. */
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
