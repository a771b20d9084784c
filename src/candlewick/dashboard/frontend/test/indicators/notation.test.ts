import assert from "node:assert/strict";
import { test } from "node:test";

import { BarTable } from "../../src/chart/columns";
import { Indicator } from "../../src/indicators/indicator";
import { read, write } from "../../src/indicators/notation";
import { settle } from "../../src/indicators/parameters";
import { indicatorOf, INDICATORS } from "../../src/indicators/registry";
import { searched } from "../../src/indicators/search";

const BB = indicatorOf("bb")!;

test("settings that are missing or make no sense fall back", () => {
  const fallback = { length: 20, width: 2, source: "close" };
  for (const given of [{}, { length: "", width: "x" }, { length: null, width: NaN, source: "volume" }, { length: [3] }]) {
    assert.deepEqual(settle(BB.parameters, given), fallback);
  }
});

test("settings are brought within their limits and onto their grid", () => {
  assert.deepEqual(settle(BB.parameters, { length: 2.6, width: 2.449 }), { length: 3, width: 2.4, source: "close" });
  assert.deepEqual(settle(BB.parameters, { length: -5, width: 1e9 }), { length: 1, width: 10, source: "close" });
  assert.deepEqual(settle(BB.parameters, { length: Infinity }).length, 1_000);
});

test("indicators survive the URL", () => {
  const text = "ema(200),vwap,bb(20,2.5),sma(20,hl2),stoch(14,3)";
  assert.equal(write(read(text)), text);
});

test("defaults are not written", () => {
  assert.equal(write(INDICATORS.map((definition) => ({ definition, parameters: settle(definition.parameters, {}) }))),
    INDICATORS.map(({ id }) => id).join(","));
});

test("a text that names unknown indicators or settings gives what it can", () => {
  assert.equal(write(read("alligator(3),ema(x),,rsi(99999),)(")), "ema,rsi(1000)");
  assert.deepEqual(read(""), []);
});

test("a legend tells the numbers, and the source where it is not the usual one", () => {
  const label = (text: string) => {
    const [choice] = read(text);
    return new Indicator(choice!.definition, new BarTable(), choice!.parameters).label;
  };
  assert.deepEqual(["ema(200)", "bb", "sma(20,hl2)", "vwap", "macd"].map(label), [
    "EMA 200",
    "BB 20 2",
    "SMA 20 hl2",
    "VWAP",
    "MACD 12 26 9",
  ]);
});

test("an indicator is found by its name, and a number behind it is its length", () => {
  const values = (typed: string) => searched(typed).map(({ value }) => value);
  assert.deepEqual([values("ema"), values("ema 200"), values("EMA200")], [["ema"], ["ema(200)"], ["ema(200)"]]);
  assert.deepEqual(read(values("relative 7")[0]!).map(({ parameters }) => parameters["length"]), [7]);
  assert.deepEqual([values("vwap 20"), values("nonsense 20")], [[], []]);
});
