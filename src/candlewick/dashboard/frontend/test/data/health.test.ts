import assert from "node:assert/strict";
import { test } from "node:test";
import { Freshness, healthOf, isOld } from "../../src/data/health";
import type { Status, Tick } from "../../src/data/live";

const NOW = 1_795_341_470_794;
const FRESH = 100;
const status = (changes: Partial<Status>): Status => ({
  now: NOW,
  source: "feed",
  closes: NOW + 10_000,
  event: NOW - 100,
  stamp: "",
  history: null,
  ...changes,
});

test("without a connection nothing else counts", () => {
  assert.equal(healthOf(false, status({}), FRESH), "lost");
});

test("before the first status or the first bar the chart waits", () => {
  assert.equal(healthOf(true, null, null), "waiting");
  assert.equal(healthOf(true, status({ source: "waiting", event: null }), null), "waiting");
});

test("without the feed the word says so and never stale, whatever the age; only the age is old after a minute", () => {
  for (const source of ["away", "settled"] as const) {
    for (const age of [null, FRESH, 4_000, 61_000]) assert.equal(healthOf(true, status({ source }), age), source);
  }
  assert.deepEqual([null, 59_000, 61_000].map(isOld), [false, false, true]);
});

test("bars from the feed are live, bars from the warehouse alone are delayed", () => {
  assert.equal(healthOf(true, status({}), FRESH), "live");
  assert.equal(healthOf(true, status({}), null), "live");
  assert.equal(healthOf(true, status({ source: "mart" }), FRESH), "delayed");
  assert.equal(healthOf(true, status({ source: "mart", event: null }), null), "delayed");
});

test("over a hole the feed goes on, and says that it is not whole", () => {
  assert.equal(healthOf(true, status({ source: "ahead" }), FRESH), "incomplete");
  assert.equal(healthOf(true, status({ source: "ahead" }), 9_000), "quiet");
});

test("a replay is told as one, whatever the live bars do, but not without a connection", () => {
  for (const now of [null, status({}), status({ source: "mart" })]) assert.equal(healthOf(true, now, 3_600_000, true), "replay");
  assert.equal(healthOf(false, status({}), FRESH, true), "lost");
});

test("a feed without an event is quiet after five seconds and stale after a minute, whatever the connection says", () => {
  const words = [4_900, 5_100, 59_000, 61_000].map((age) => healthOf(true, status({}), age));
  assert.deepEqual(words, ["live", "quiet", "quiet", "stale"]);
  assert.equal(healthOf(true, status({ source: "mart" }), 61_000), "stale");
});

test("the age of the newest event grows with the clock alone", () => {
  const freshness = new Freshness();
  assert.equal(freshness.age(NOW), null);
  freshness.heed(status({ event: NOW - 700 }));
  assert.deepEqual([freshness.age(NOW), freshness.age(NOW + 9_000)], [700, 9_700]);
  freshness.heed(status({ event: NOW - 5_000 }));
  assert.equal(freshness.age(NOW), 700);
});

test("what is shown is the latency while trades flow, and the age when they do not", () => {
  const freshness = new Freshness();
  const tick = (event: number): Tick => ({ bars: [], event, sent: 0, bytes: 0 });
  freshness.drew(tick(NOW - 50), NOW);
  // What the warehouse settles names no event, and is no news of one.
  freshness.drew(tick(0), NOW + 100);
  assert.deepEqual([freshness.shown(NOW + 200), freshness.shown(NOW + 4_000)], [50, 4_050]);
});
