import assert from "node:assert/strict";
import { test } from "node:test";
import { kept, plain } from "../../src/alerts/book";
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

test("alerts that an earlier version kept in the browser become the server's, and what is no price does not", () => {
  const stored = { BTC: [97000.5, 1e-8, -1, "x", Infinity], ETH: "nonsense" };
  assert.deepEqual(kept(stored), [
    { kind: "cross", symbol: "BTC", level: "97000.5" },
    { kind: "cross", symbol: "BTC", level: "0.00000001" },
  ]);
  assert.deepEqual(kept(null), []);
});

test("a price is written as a plain decimal", () => {
  assert.deepEqual([100, 0.1 + 0.2, 1e-7, 2 ** 53].map(plain), ["100", "0.3", "0.0000001", "9007199254740992"]);
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
