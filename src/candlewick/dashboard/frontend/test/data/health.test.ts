import assert from "node:assert/strict";
import { test } from "node:test";
import { healthOf } from "../../src/data/health";
import type { Status } from "../../src/data/live";

const NOW = 1_795_341_470_794;
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
  assert.equal(healthOf(false, status({})), "lost");
});

test("before the first status or the first bar the chart waits", () => {
  assert.equal(healthOf(true, null), "waiting");
  assert.equal(healthOf(true, status({ source: "waiting", event: null })), "waiting");
});

test("bars from the feed are live, bars from the warehouse alone are delayed", () => {
  assert.equal(healthOf(true, status({})), "live");
  assert.equal(healthOf(true, status({ source: "mart" })), "delayed");
  assert.equal(healthOf(true, status({ source: "mart", event: null })), "delayed");
});

test("a replay is told as one, whatever the live bars do, but not without a connection", () => {
  for (const now of [null, status({}), status({ source: "mart" }), status({ event: NOW - 3_600_000 })])
    assert.equal(healthOf(true, now, true), "replay");
  assert.equal(healthOf(false, status({}), true), "lost");
});

test("without an event for a minute the newest bar is stale, whatever the connection says", () => {
  assert.equal(healthOf(true, status({ event: NOW - 61_000 })), "stale");
  assert.equal(healthOf(true, status({ event: NOW - 59_000 })), "live");
});
