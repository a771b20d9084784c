import assert from "node:assert/strict";
import { test } from "node:test";
import { crossed } from "../../src/alerts/book";
import { news, type Report } from "../../src/alerts/troubles";

const GOOD: Report = {
  processes: [{ name: "recorder", is_alive: true }],
  symbols: [{ symbol: "BTC", holes: 0 }],
  audit: { match: 10, mismatch: 0 },
  freshness_seconds: 2,
};

function told(before: Partial<Report>, now: Partial<Report>): string[] {
  return news({ ...GOOD, ...before }, { ...GOOD, ...now }).map(({ level, text }) => `${level}: ${text}`);
}

test("an alert is met from above, from below and exactly, and once", () => {
  assert.deepEqual(crossed([90, 100, 110], 95, 105), [100]);
  assert.deepEqual(crossed([90, 100, 110], 105, 95), [100]);
  assert.deepEqual(crossed([90, 100, 110], 95, 100), [100]);
  assert.deepEqual(crossed([90, 100, 110], 100, 105), []);
  assert.deepEqual(crossed([90, 100, 110], 80, 120), [90, 100, 110]);
});

test("troubles are told when they begin and when they end, and not in between", () => {
  assert.deepEqual(told({}, {}), []);
  assert.deepEqual(told({}, { freshness_seconds: 75 }), ["warn: The newest trade in the warehouse is 75 s old"]);
  assert.deepEqual(told({ freshness_seconds: 75 }, { freshness_seconds: 80 }), []);
  assert.deepEqual(told({ freshness_seconds: 75 }, {}), ["good: The warehouse is fresh again"]);
  const hole = { symbols: [{ symbol: "BTC", holes: 7 }] };
  assert.deepEqual(told({}, hole), ["warn: BTC: 7 trades are missing; they are asked for"]);
  assert.deepEqual(told(hole, hole), []);
  assert.deepEqual(told(hole, {}), ["good: BTC: the hole is filled"]);
  assert.deepEqual(told({}, { audit: { mismatch: 1 } }), ["bad: 1 candle differs from the exchange's"]);
  const dead = { processes: [{ name: "recorder", is_alive: false }] };
  assert.deepEqual(told({}, dead), ["bad: The recorder gives no sign of life"]);
});
