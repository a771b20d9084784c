// The clock of a replay: how far the tape's time is, at any speed. Pure: the wall clock comes in from outside.

/** Wall time that passes between two looks counts up to this, in ms: a tab that slept does not jump. */
const LONGEST_STEP = 250;

export class Pace {
  /** The tape's time, in µs since the epoch. */
  now: number;
  speed = 1;
  isPlaying = false;
  private seenAt = 0;

  constructor(now: number) {
    this.now = now;
  }

  play(wall: number): void {
    this.isPlaying = true;
    this.seenAt = wall;
  }

  pause(): void {
    this.isPlaying = false;
  }

  /** Let the tape's time pass up to a moment of the wall clock, in ms; not beyond `limit`, where the tape is still on its way. */
  pass(wall: number, limit = Infinity): void {
    if (!this.isPlaying) return;
    const passed = Math.min(LONGEST_STEP, Math.max(0, wall - this.seenAt));
    this.seenAt = wall;
    this.now = Math.max(this.now, Math.min(this.now + passed * 1e3 * this.speed, limit));
  }
}
