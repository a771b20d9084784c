import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { type Bar, State } from "../../src/data/bar";
import { Pacer } from "../../src/data/pacer";

// Node has the browser's timers, but for the name of what they belong to.
Object.assign(globalThis, { window: globalThis });

function bar(time: number): Bar {
  return { time, open: 1, high: 1, low: 1, close: 1, volume: 1, quoteVolume: 1, trades: 1, bought: 0, state: State.Forming };
}

function paced(isBusy: () => boolean) {
  const drawn: number[][] = [];
  const pacer = new Pacer(isBusy, (changed) => drawn.push(changed.map(({ time }) => time)));
  return { pacer, drawn };
}

test("what changed is drawn at once while nothing moves", () => {
  const { pacer, drawn } = paced(() => false);
  pacer.take([bar(1), bar(2)]);
  pacer.take([bar(2)]);
  assert.deepEqual(drawn, [[1], [2]]);
});

test("while the chart is busy changes wait, and are drawn together from the earliest on", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let busy = true;
  const { pacer, drawn } = paced(() => busy);
  [bar(5), bar(3), bar(6)].forEach((changed) => pacer.take([changed]));
  mock.timers.tick(200);
  assert.deepEqual(drawn, []);
  busy = false;
  mock.timers.tick(200);
  assert.deepEqual(drawn, [[3]]);
  mock.timers.reset();
});

test("what was drawn otherwise is forgotten", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let busy = true;
  const { pacer, drawn } = paced(() => busy);
  pacer.take([bar(1)]);
  pacer.clear();
  busy = false;
  mock.timers.tick(500);
  assert.deepEqual(drawn, []);
  mock.timers.reset();
});
