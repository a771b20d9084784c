// What was done, to be undone and done again: one list for the whole page, in the order in which it was done.

export interface Step {
  undo(): void;
  redo(): void;
}

const DEPTH = 100;
/** Changes of one thing that follow each other within this many ms are one step: a colour picker sends many. */
const TOGETHER = 1_000;

export class Steps {
  private readonly past: Step[] = [];
  private future: Step[] = [];
  private isGoing = false;
  private newest: { thing: string; at: number } | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Something was done. With a `thing`, what follows on it at once is the same step. */
  push(step: Step, thing: string | null = null): void {
    if (this.isGoing) return;
    const { newest } = this;
    const at = this.now();
    const isSame = thing !== null && newest?.thing === thing && at - newest.at < TOGETHER;
    const before = isSame ? this.past.pop() : undefined;
    this.past.push(before ? { undo: () => before.undo(), redo: () => step.redo() } : step);
    if (this.past.length > DEPTH) this.past.shift();
    this.future = [];
    this.newest = thing === null ? null : { thing, at };
  }

  /** Returns whether there was anything. */
  undo(): boolean {
    return this.go(this.past, this.future, "undo");
  }

  redo(): boolean {
    return this.go(this.future, this.past, "redo");
  }

  private go(from: Step[], to: Step[], way: keyof Step): boolean {
    const step = from.pop();
    if (!step) return false;
    this.newest = null;
    // What it changes is told to whoever notes steps, and is none.
    this.isGoing = true;
    try {
      step[way]();
    } finally {
      this.isGoing = false;
    }
    to.push(step);
    return true;
  }
}
