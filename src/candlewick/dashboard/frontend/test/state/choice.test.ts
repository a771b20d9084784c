import assert from "node:assert/strict";
import { test } from "node:test";

import { SCALES } from "../../src/chart/charttypes";
import type { Config } from "../../src/data/config";
import { checked, type Choice, defaultChoice, readAddress, writeAddress } from "../../src/state/choice";
import { between, random, SEED } from "../random";

const CONFIG: Config = {
  symbols: ["BTCUSDT", "ETHUSDT"],
  timeframes: ["1s", "1m", "1h"],
  dayZone: "UTC",
  demo: false,
  version: "0",
  base: "",
};
const PLAIN = defaultChoice(CONFIG);

function written(choices: Choice[], zone = "browser", before = "http://host/chart"): URL {
  const address = new URL(before);
  writeAddress(address, choices, zone, CONFIG);
  return address;
}

test("an address that was written reads as the same charts, in their order", () => {
  const choices: Choice[] = [
    { ...PLAIN, symbol: "ETHUSDT", timeframe: "1s", type: "hollow", indicators: "ema(9),bb(20,2.5)", compare: "BTCUSDT", flow: "bidask,large" },
    { ...PLAIN, timeframe: "1h", scale: "log", inverted: true, indicators: "" },
  ];
  const address = written(choices, "Asia/Kolkata");
  assert.deepEqual(readAddress(address.search, CONFIG), { choices, zone: "Asia/Kolkata" });
});

test("what is at its default is left out, and reads as the default", () => {
  const address = written([PLAIN]);
  assert.equal(address.search, "?symbol=BTCUSDT&tf=1m");
  const [choice] = readAddress(address.search, CONFIG).choices;
  assert.deepEqual({ ...PLAIN, ...choice }, PLAIN);
});

test("a second symbol is compared in percent, unless the address says otherwise", () => {
  const scales = (search: string) => readAddress(search, CONFIG).choices.map(({ scale }) => scale);
  assert.deepEqual(scales("?symbol=BTCUSDT&vs=ETHUSDT"), ["percent"]);
  assert.deepEqual(scales("?symbol=BTCUSDT&vs=ETHUSDT&scale=log"), ["log"]);
  assert.deepEqual(scales(written([{ ...PLAIN, compare: "ETHUSDT" }]).search), ["auto"]);
});

test("the rest of an address stays", () => {
  assert.equal(written([PLAIN], "UTC", "http://host/a/chart?debug=1&symbol=OLD#x").href, "http://host/a/chart?debug=1&symbol=BTCUSDT&tf=1m&tz=UTC#x");
});

test("what makes no sense in an address is left out", () => {
  const { choices } = readAddress("?symbol=NOPE&tf=7x&type=pie&scale=&vs=NOPE", CONFIG);
  assert.deepEqual(choices, [{ inverted: false, flow: "" }]);
});

test("an address without a chart names none", () => {
  assert.deepEqual(readAddress("?debug", CONFIG), { choices: [], zone: null });
});

test("what an address says without a symbol or a timeframe is said of the default chart", () => {
  const shown = (search: string) => readAddress(search, CONFIG).choices.map((choice) => ({ ...PLAIN, ...choice }));
  assert.deepEqual(shown("?flow=bidask,visible"), [{ ...PLAIN, flow: "bidask,visible" }]);
  assert.deepEqual(shown("?ind=rsi&type=line&debug"), [{ ...PLAIN, indicators: "rsi", type: "line" }]);
  assert.deepEqual(shown("?tz=UTC"), []);
  assert.deepEqual(shown("?tf=1h&flow=&flow=delta"), [{ ...PLAIN, timeframe: "1h" }, { ...PLAIN, flow: "delta" }]);
});

test("a symbol may be written in lower case", () => {
  assert.equal(readAddress("?symbol=ethusdt", CONFIG).choices[0]?.symbol, "ETHUSDT");
});

test("of anything that was stored only what makes sense here is taken up", () => {
  const sound: Choice = { ...PLAIN, symbol: "ETHUSDT", type: "area", scale: "indexed", inverted: true, compare: "BTCUSDT" };
  assert.deepEqual(checked(sound, CONFIG), sound);
  for (const nothing of [null, undefined, 7, "text", [], {}]) assert.deepEqual(checked(nothing, CONFIG), {});
  const next = random();
  const junk = [null, 0, 1, true, "", "1m", "BTCUSDT", "log", "candles", "NOPE", {}, [], NaN];
  for (let round = 0; round < 500; round++) {
    const given = Object.fromEntries(Object.keys(PLAIN).map((name) => [name, junk[between(next, 0, junk.length - 1)]]));
    const choice = { ...PLAIN, ...checked(given, CONFIG) };
    const repeat = `seed ${SEED}: ${JSON.stringify(given)}`;
    assert.ok(CONFIG.symbols.includes(choice.symbol) && CONFIG.timeframes.includes(choice.timeframe), repeat);
    assert.ok(["", ...CONFIG.symbols].includes(choice.compare) && SCALES.includes(choice.scale), repeat);
    assert.deepEqual([typeof choice.indicators, typeof choice.inverted, choice.type], ["string", "boolean", "candles"], repeat);
  }
});

test("a link names four charts at most", () => {
  const search = "?" + Array.from({ length: 9 }, () => "symbol=BTCUSDT").join("&");
  assert.equal(readAddress(search, CONFIG).choices.length, 4);
});
