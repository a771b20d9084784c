import assert from "node:assert/strict";
import { test } from "node:test";

import { matching } from "../src/ui/choices";

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
