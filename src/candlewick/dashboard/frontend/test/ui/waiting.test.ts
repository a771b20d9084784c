import assert from "node:assert/strict";
import { test } from "node:test";

import { progress } from "../../src/ui/waiting";

test("a start that has just begun claims nothing", () => {
  const told = progress({ trades: 0, asked: 0, objects: 0, loaded: 0 }, 0);
  assert.deepEqual(Object.values(told), [["none yet", false], ["not begun", false], ["no objects yet", false]]);
});

test("each step tells what was fetched of what", () => {
  const told = progress({ trades: 12_345, asked: 21_600, objects: 68, loaded: 41 }, 0.375);
  assert.deepEqual(told["trades"], ["12,345 recorded", true]);
  assert.deepEqual(told["history"], ["2 h 15 min of 6 h fetched", false]);
  assert.deepEqual(told["candles"], ["41 of 68 objects read", false]);
  assert.deepEqual(progress({ trades: 1, asked: 5_400, objects: 1, loaded: 1 }, 1)["history"], ["1 h 30 min of 1 h 30 min fetched", true]);
});
