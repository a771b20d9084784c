import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bar, State } from "../../src/data/bar";
import { Proof, type VerdictSpan } from "../../src/holes/proof";

function bar(time: number, state: State): Bar {
  return { time, open: 1, high: 1, low: 1, close: 1, volume: 1, quoteVolume: 1, trades: 1, state };
}

function standings(verdicts: VerdictSpan[], times: number[], seconds: number, state = State.Complete): string[] {
  const proof = new Proof({ holes: [], verdicts });
  return times.map((time) => proof.standing(bar(time, state), seconds));
}

const DAY: VerdictSpan[] = [
  [0, 300, "match"],
  [300, 360, "mismatch"],
  [360, 600, "match"],
  [600, 660, "pending"],
];

test("a minute has its own verdict, and one that the audit does not know is pending", () => {
  assert.deepEqual(standings(DAY, [0, 240, 300, 360, 600, 660], 60), ["match", "match", "mismatch", "match", "pending", "pending"]);
});

test("a longer bar has the worst verdict of its minutes", () => {
  assert.deepEqual(standings(DAY, [0, 300, 600], 300), ["match", "mismatch", "pending"]);
  assert.deepEqual(standings([[0, 120, "match"], [180, 300, "match"]], [0], 300), ["pending"]);
  assert.deepEqual(standings([[0, 120, "match"], [120, 300, "no_oracle"]], [0], 300), ["no_oracle"]);
});

test("a second has the verdict of the minute around it", () => {
  assert.deepEqual(standings(DAY, [59, 301, 359, 361], 1), ["match", "mismatch", "mismatch", "match"]);
});

test("a bar that is forming is no more than that, and one with a hole is not proven whole", () => {
  assert.deepEqual(standings(DAY, [0], 60, State.Forming), ["forming"]);
  assert.deepEqual(standings([], [0], 60, State.Closed), ["incomplete"]);
  assert.deepEqual(standings(DAY, [300], 60, State.Closed), ["mismatch"]);
});
