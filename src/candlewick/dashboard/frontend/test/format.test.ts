import assert from "node:assert/strict";
import { test } from "node:test";
import { countdown, decimalsOf, fixed, short, signed, span } from "../src/format";
import { faded, isDark } from "../src/style/theme";

test("amounts are short, whatever their size", () => {
  const shown = [0, 0.0047, 0.5, 1.234, 12.3456, 134_600, 4_560_000, 7.1e9].map(short);
  assert.deepEqual(shown, ["0", "0.0047", "0.5", "1.23", "12.35", "134.6K", "4.56M", "7.10B"]);
});

test("prices show as many decimals as they have, and two at least", () => {
  assert.equal(decimalsOf([61_837.63, 61_840]), 2);
  assert.equal(decimalsOf([0.00001234]), 8);
  assert.equal(decimalsOf([3_420.1234]), 4);
  assert.equal(decimalsOf([100]), 2);
});

test("numbers are grouped and signed", () => {
  assert.equal(fixed(97_248.8, 2), "97,248.80");
  assert.equal(signed(39.53, 2), "+39.53");
  assert.equal(signed(-0.04, 2), "−0.04");
  assert.equal(signed(0, 2), "0.00");
});

test("a countdown reads as a clock", () => {
  assert.deepEqual([23.2, 0, -3, 3_600, 90_061].map(countdown), ["00:24", "00:00", "00:00", "1:00:00", "1d 01:01"]);
});

test("a span reads at a glance", () => {
  assert.deepEqual([54, 2_100, 180_000, 7_200_000].map(span), ["54 ms", "2.1 s", "3 m", "2.0 h"]);
});

test("dark and light are told apart in every notation of CSS", () => {
  assert.deepEqual(["#131722", "#fff", "rgb(19, 23, 34)", "rgb(255 255 255)"].map(isDark), [true, false, true, false]);
  assert.equal(faded("#089981", 0.5), "rgba(8, 153, 129, 0.5)");
});
