// The one idea behind every indicator here.
//
// A series is a rule that gives its value at bar `i` from bars up to `i` and from its own values before `i`. Keeping
// those values is all the state there is: a tick runs the rules again for the last bar, a corrected bar from that bar
// on, and a page of older history from the start. So a live indicator and one computed at once agree to the last bit.

/** Values by bar; NaN where there is none, as before the warm-up. */
export type Values = ArrayLike<number>;

/** A series' value at a bar, given its own values before that bar. */
export type Rule = (index: number, own: Values) => number;

interface Line {
  readonly rule: Rule;
  readonly values: number[];
}

/** Rules in the order of their declaration: each may read the series declared before it. */
export class Program {
  private readonly lines: Line[] = [];

  /** Declare a series. The array that it returns is filled by `run` and stays the same object. */
  series(rule: Rule): Values {
    const values: number[] = [];
    this.lines.push({ rule, values });
    return values;
  }

  /** Compute the bars from index `from` to `length`, and forget any beyond. */
  run(from: number, length: number): void {
    for (const { rule, values } of this.lines) {
      const start = Math.min(from, values.length);
      values.length = Math.min(values.length, length);
      for (let index = start; index < length; index++) values[index] = rule(index, values);
    }
  }
}
