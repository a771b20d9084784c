import assert from "node:assert/strict";
import { test } from "node:test";

import { intervalOf, isDaily, secondsOf, timeframeOf } from "../../src/data/timeframes";
import { ZoneClock } from "../../src/zone";

const KNOWN = ["1s", "1m", "5m", "15m", "1h", "4h", "1d"];
const meant = (text: string) => timeframeOf(text, KNOWN);

test("a text means a timeframe: minutes where it names no unit, and the shortest name", () => {
  assert.deepEqual(["3", "90m", "120m", "60", "240m", "1H", " 2 w "].map(meant), ["3m", "90m", "2h", "1h", "4h", "1h", "2w"]);
});

test("a day of 24 hours is one in UTC, since 1d follows a zone", () => {
  assert.deepEqual(["24h", "1440m", "1d"].map(meant), ["24h", "24h", "1d"]);
});

test("what is no timeframe, or longer than a month, is none", () => {
  assert.deepEqual(["0m", "2s", "32d", "5w", "", "m", "1y", "1.5h", "999999m"].map(meant), Array(9).fill(null));
});

test("bars open on multiples of their length in UTC, weeks on Monday", () => {
  const at = Date.UTC(2026, 10, 27, 17, 38, 12) * 1e3;
  const opens = ["3m", "30m", "12h", "24h", "1w"].map((one) => new Date(intervalOf(one, new ZoneClock("Asia/Kolkata"))(at)[0] / 1e3));
  assert.deepEqual(
    opens.map((open) => open.toISOString().slice(5, 16)),
    ["11-27T17:36", "11-27T17:30", "11-27T12:00", "11-27T00:00", "11-23T00:00"],
  );
});

test("an interval is as long as its timeframe says", () => {
  const [opened, closed] = intervalOf("45m", new ZoneClock("UTC"))(1.7e15);
  assert.equal(closed - opened, secondsOf("45m") * 1e6);
  assert.ok(opened <= 1.7e15 && 1.7e15 < closed);
});

test("whole days name days on the axis", () => {
  assert.deepEqual(["1h", "36h", "24h", "3d", "1w"].map(isDaily), [false, false, true, true, true]);
});
