import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bar, State } from "../../src/data/bar";
import { BarStore } from "../../src/data/store";

function bar(time: number, trades = 1, state = State.Closed): Bar {
  return { time, open: 1, high: 2, low: 1, close: 1, volume: trades, quoteVolume: trades, trades, bought: 0, state };
}

const times = (store: BarStore) => store.bars.map(({ time }) => time);

test("pages and frames that arrive in any order make one ascending series", () => {
  const store = new BarStore();
  store.merge([bar(30), bar(40)]);
  assert.deepEqual(store.merge([bar(10), bar(20)]), { kind: "rebuild" });
  assert.equal(store.merge([bar(50)]).kind, "tail");
  assert.equal(store.merge([bar(35)]).kind, "rebuild");
  assert.deepEqual(times(store), [10, 20, 30, 35, 40, 50]);
});

test("of two versions of a bar the one with more trades stays, whichever came last", () => {
  const store = new BarStore();
  store.merge([bar(10), bar(20, 7)]);
  assert.deepEqual(store.merge([bar(20, 5)]), { kind: "none" });
  assert.equal(store.last?.trades, 7);
  assert.equal(store.merge([bar(20, 8)]).kind, "tail");
  assert.equal(store.last?.trades, 8);
});

test("a bar settles and never unsettles", () => {
  const store = new BarStore();
  store.merge([bar(10, 3, State.Closed)]);
  assert.equal(store.merge([bar(10, 3, State.Complete)]).kind, "tail");
  assert.equal(store.merge([bar(10, 3, State.Closed)]).kind, "none");
  assert.equal(store.last?.state, State.Complete);
});

test("a bar that was carried on over a hole gives way to the proved one, even with as many trades", () => {
  const store = new BarStore();
  store.merge([bar(10, 3, State.Incomplete)]);
  assert.equal(store.merge([bar(10, 3, State.Forming)]).kind, "tail");
  assert.equal(store.merge([bar(10, 3, State.Incomplete)]).kind, "none");
  assert.equal(store.last?.state, State.Forming);
});

test("the same bars twice change nothing", () => {
  const store = new BarStore();
  const page = Array.from({ length: 300 }, (_, i) => bar(i * 60, 1 + (i % 7)));
  store.merge(page);
  assert.deepEqual(store.merge(page), { kind: "none" });
  assert.equal(store.bars.length, 300);
});

test("bars are found by their own time, and by no other", () => {
  const store = new BarStore();
  store.merge([bar(10), bar(20), bar(40)]);
  assert.equal(store.at(20)?.time, 20);
  assert.equal(store.at(30), undefined);
});

test("a series of any merges equals the union of their newest versions", () => {
  // A small generator with a seed of its own, so that a failure repeats.
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    const store = new BarStore();
    const expected = new Map<number, number>();
    for (let round = 0; round < 12; round++) {
      const page = [...new Set(Array.from({ length: 1 + random(9) }, () => random(40)))].sort((a, b) => a - b);
      const bars = page.map((time) => bar(time, 1 + random(5)));
      for (const { time, trades } of bars) expected.set(time, Math.max(trades, expected.get(time) ?? 0));
      store.merge(bars);
    }
    const sorted = [...expected].sort(([a], [b]) => a - b);
    assert.deepEqual(store.bars.map(({ time, trades }) => [time, trades]), sorted, `seed ${seed}`);
  }
});

test("bars give way at either end, and only as many as are too many", () => {
  const store = new BarStore();
  store.merge([1, 2, 3, 4, 5].map((time) => bar(time)));
  assert.equal(store.keepFirst(5), false);
  assert.equal(store.keepFirst(4), true);
  assert.equal(store.keepLast(3), true);
  assert.deepEqual(store.bars.map(({ time }) => time), [2, 3, 4]);
});
