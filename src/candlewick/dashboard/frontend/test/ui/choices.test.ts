import assert from "node:assert/strict";
import { test } from "node:test";

import { matching } from "../../src/ui/choices";
import { found as searched } from "../../src/ui/search";

const OPTIONS = [
  { value: "rsi", title: "Relative Strength Index", hint: "RSI" },
  { value: "stoch", title: "Stochastic", hint: "Stoch" },
  { value: "sma", title: "Simple Moving Average", hint: "SMA" },
];
const found = (typed: string) => matching(OPTIONS, typed).map(({ value }) => value);

test("what begins with the typed text comes before what only holds it", () => {
  assert.deepEqual(found("st"), ["stoch", "rsi"]);
});

test("an option is found by its title, its short name and its value, in any case", () => {
  assert.deepEqual([found("relat"), found("RSI"), found("sma")], [["rsi"], ["rsi"], ["sma"]]);
});

test("nothing typed finds everything, in its order; what nobody is called finds nothing", () => {
  assert.deepEqual(found(""), ["rsi", "stoch", "sma"]);
  assert.deepEqual(found("xyz"), []);
});

test("the search finds symbols by their letters, and by a number the timeframe in minutes first", () => {
  const series = { symbols: ["BTCDEMO", "SOLDEMO"], timeframes: ["1s", "1m", "15m", "1h", "1d"] };
  const values = (typed: string) => searched(series, typed).map(({ value }) => value);
  assert.deepEqual([values("s"), values("dem"), values("symbol")], [["SOLDEMO"], ["BTCDEMO", "SOLDEMO"], []]);
  assert.deepEqual([values("1")[0], values("15"), values("1h")], ["1m", ["15m", "15h", "15d"], ["1h"]]);
});

test("any number of minutes, hours, days or weeks is a timeframe, and comes after those with candles of their own", () => {
  const series = { symbols: [], timeframes: ["1s", "1m", "15m", "1h", "1d"] };
  const values = (typed: string) => searched(series, typed).map(({ value }) => value);
  assert.deepEqual([values("3"), values("2w"), values("9w")], [["3m", "3h", "3d", "3w"], ["2w"], []]);
});
