import assert from "node:assert/strict";
import { test } from "node:test";

import { BarTable, type Row } from "../../src/chart/columns";
import { daysOf } from "../../src/indicators/definition";
import { compute, Indicator } from "../../src/indicators/indicator";
import { points } from "../../src/indicators/plot";
import { indicatorOf, INDICATORS } from "../../src/indicators/registry";
import { BLUE, histogram } from "../../src/indicators/style";
import { sumsOf } from "../../src/indicators/vwap";
import { bar, between, random, type Random, SEED, walk } from "../random";

const REPRODUCE = `seed ${SEED}: run SEED=${SEED} node test.mjs`;

function tableOf(bars: readonly Row[]): BarTable {
  const table = new BarTable();
  table.write(bars);
  return table;
}

function closes(...prices: number[]): BarTable {
  return tableOf(
    prices.map((close, i) => ({ time: i * 60, open: close, high: close, low: close, close, volume: 1 })),
  );
}

function only(id: string, table: BarTable, given = {}): number[] {
  const [values] = Object.values(compute(indicatorOf(id)!, table, given));
  return [...values!];
}

/** What may happen to the bars of a live chart; the index of the first bar that changed. */
const EVENTS: ((next: Random, bars: Row[]) => number)[] = [
  function tick(next, bars) {
    bars.push(bar(next, bars.at(-1)!.time, bars.pop()!.open));
    return bars.length - 1;
  },
  function newBar(next, bars) {
    bars.push(bar(next, bars.at(-1)!.time + 60 * between(next, 1, 3), bars.at(-1)!.close));
    return bars.length - 1;
  },
  function correction(next, bars) {
    const at = bars.length - between(next, 1, Math.min(3, bars.length));
    bars[at] = bar(next, bars[at]!.time, bars[at]!.open);
    return at;
  },
  function history(next, bars) {
    const count = between(next, 1, 30);
    bars.unshift(...walk(next, count, bars[0]!.time - count * 60));
    return 0;
  },
  function cut(next, bars) {
    bars.length -= between(next, 0, Math.min(2, bars.length - 1));
    return bars.length;
  },
];

const OFTEN = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 4];

for (const definition of INDICATORS) {
  test(`${definition.short} under random ticks equals itself computed at once, to the last bit`, () => {
    const next = random();
    for (let round = 0; round < 8; round++) {
      const bars = walk(next, between(next, 1, 80), 1_700_000_000 + between(next, 0, 1439) * 60);
      const table = tableOf(bars);
      const settings = { length: between(next, 1, 12), fast: 3, slow: 7, signal: 4, smoothK: 2 };
      const live = new Indicator(definition, table, settings);
      for (let step = 0; step < 150; step++) {
        const from = EVENTS[OFTEN[between(next, 0, OFTEN.length - 1)]!]!(next, bars);
        table.write(bars, from);
        live.update(from);
      }
      const whole = compute(definition, tableOf(bars), settings);
      for (const [name, values] of Object.entries(live.outputs)) {
        assert.equal(values.length, bars.length);
        assert.deepEqual(Float64Array.from(values), whole[name], `${name}, ${REPRODUCE}`);
      }
    }
  });
}

for (const definition of INDICATORS.filter(({ history }) => typeof history({ length: 5 }) === "number")) {
  test(`${definition.short} no longer depends on bars older than its history`, () => {
    const next = random();
    const bars = walk(next, 4_000);
    const full = new Indicator(definition, tableOf(bars));
    const shown = 50;
    const history = definition.history(full.parameters) as number;
    const cut = new Indicator(definition, tableOf(bars.slice(-shown - history)));
    for (const [name, values] of Object.entries(full.outputs)) {
      for (let back = 1; back <= shown; back++) {
        const [a, b] = [values[values.length - back]!, cut.outputs[name]![cut.outputs[name]!.length - back]!];
        // Near zero, as a difference of averages may be, the scale is that of the prices' own moves.
        assert.ok(Object.is(a, b) || Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(a), 100), `${name} ${a} ${b}, ${REPRODUCE}`);
      }
    }
  });
}

test("averages have no value before their warm-up", () => {
  const table = closes(1, 2, 3, 4, 5);
  assert.deepEqual(only("sma", table, { length: 3 }), [NaN, NaN, 2, 3, 4]);
  assert.deepEqual(only("ema", table, { length: 3 }), [NaN, NaN, 2, 3, 4]);
  assert.deepEqual(only("wma", table, { length: 3 }), [NaN, NaN, 14 / 6, 20 / 6, 26 / 6]);
  assert.deepEqual(only("sma", closes(1, 2), { length: 3 }), [NaN, NaN]);
  assert.deepEqual(only("sma", closes(), { length: 3 }), []);
});

test("an average of length 1 is the price itself", () => {
  for (const id of ["sma", "ema", "wma"]) assert.deepEqual(only(id, closes(3, 1, 2), { length: 1 }), [3, 1, 2]);
});

test("RSI is 100 without a fall, 0 without a rise, and 100 where nothing moved", () => {
  assert.deepEqual(only("rsi", closes(1, 2, 3), { length: 2 }).at(-1), 100);
  assert.deepEqual(only("rsi", closes(3, 2, 1), { length: 2 }).at(-1), 0);
  assert.deepEqual(only("rsi", closes(2, 2, 2), { length: 2 }).at(-1), 100);
});

test("the stochastic has no value where the market stood still, and recovers after it", () => {
  const { k } = compute(indicatorOf("stoch")!, closes(1, 2, 2, 2, 3), { length: 2 });
  assert.deepEqual([...k!], [NaN, 100, NaN, NaN, 100]);
});

test("on-balance volume starts at zero and follows the sign of each change", () => {
  assert.deepEqual(only("obv", closes(5, 6, 6, 4, 7)), [0, 1, 1, 0, 1]);
});

const DAY = 86_400;

test("VWAP starts anew with each session, and shows none whose start is not loaded", () => {
  const rows = [-60, 0, 60, DAY - 60, DAY].map((time, i) => {
    return { time: time + 10 * DAY, open: i, high: i + 1, low: i + 1, close: i + 1, volume: 2 };
  });
  assert.deepEqual(only("vwap", tableOf(rows)), [NaN, 2, 2.5, 3, 5]);
});

test("VWAP goes on from what was traded before the first bar, where that is known", () => {
  const next = random();
  const bars = walk(next, 300, 10 * DAY);
  const whole = compute(indicatorOf("vwap")!, tableOf(bars)).vwap!;
  const late = bars.slice(120);
  const sessions = { ...daysOf((time) => time), before: () => sumsOf(tableOf(bars.slice(0, 120))) };
  const joined = compute(indicatorOf("vwap")!, tableOf(late), {}, sessions).vwap!;
  joined.forEach((value, i) => assert.ok(Math.abs(value - whole[i + 120]!) < 1e-9 * value, REPRODUCE));
});

test("VWAP's session is a day of the zone that is asked for", () => {
  const kolkata = daysOf((time) => time + 19_800);
  const midnight = 10 * DAY - 19_800;
  const bars = walk(random(), 3, midnight - 60);
  const { vwap } = compute(indicatorOf("vwap")!, tableOf(bars), {}, kolkata);
  assert.ok(Number.isNaN(vwap![0]!));
  const { high, low, close, volume } = bars[1]!;
  if (volume > 0) assert.ok(Math.abs(vwap![1]! - (high + low + close) / 3) < 1e-6, REPRODUCE);
});

test("an indicator's outputs stay the same objects while they grow", () => {
  const bars = walk(random(), 30);
  const table = tableOf(bars.slice(0, 20));
  const live = new Indicator(indicatorOf("macd")!, table);
  const { macd } = live.outputs;
  table.write(bars, 20);
  live.update(20);
  assert.equal(live.outputs["macd"], macd);
  assert.equal(macd!.length, 30);
});

test("a reader who says only that the last bar changed gets the bars he forgot as well", () => {
  const bars = walk(random(), 40);
  const table = tableOf(bars.slice(0, 20));
  const live = new Indicator(indicatorOf("ema")!, table, { length: 5 });
  table.write(bars);
  live.update(39);
  assert.deepEqual(Float64Array.from(live.outputs["average"]!), compute(indicatorOf("ema")!, tableOf(bars), { length: 5 }).average);
});

test("a bar table follows the bars, shorter ones as well, and finds a time", () => {
  const bars = walk(random(), 5, 600);
  const table = tableOf(bars);
  table.write(bars.slice(0, 3), 3);
  assert.deepEqual(table.time, [600, 660, 720]);
  assert.deepEqual([0, 600, 601, 720, 721].map((time) => table.indexAt(time)), [0, 0, 1, 2, 3]);
});

test("points leave a place without a value before the warm-up and carry each bar's colour", () => {
  assert.deepEqual(points([1, 2], [NaN, 5], 0, () => "#fff"), [{ time: 1 }, { time: 2, value: 5, color: "#fff" }]);
  assert.deepEqual(points([1, 2], [4, 5], 1), [{ time: 2, value: 5 }]);
});

test("ids are unique, outputs have a look, and bands name outputs", () => {
  assert.equal(new Set(INDICATORS.map(({ id }) => id)).size, INDICATORS.length);
  for (const definition of INDICATORS) {
    const indicator = new Indicator(definition, closes(1, 2, 3));
    assert.deepEqual(Object.keys(indicator.outputs).sort(), Object.keys(definition.outputs).sort());
    for (const name of definition.band ?? []) assert.ok(name in definition.outputs);
  }
});

test("a CVD from a bar begins there, and is none where that bar is not loaded", () => {
  const table = tableOf([60, 120, 180, 240].map((time) => ({ time, open: 1, high: 1, low: 1, close: 1, volume: 4, bought: 3 })));
  const since = (time: number) => only("cvd", table, { anchor: "a bar", since: time });
  assert.deepEqual(since(180), [NaN, NaN, 2, 4]);
  assert.deepEqual(since(60), [2, 4, 6, 8]);
  assert.ok(since(30).every(Number.isNaN));
});
