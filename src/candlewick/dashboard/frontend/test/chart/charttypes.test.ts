import assert from "node:assert/strict";
import { test } from "node:test";

import { CHART_TYPES, Shapes } from "../../src/chart/charttypes";
import { BarTable, type Row } from "../../src/chart/columns";
import { bar, between, random, SEED, walk } from "../random";

const REPRODUCE = `seed ${SEED}: run SEED=${SEED} node test.mjs`;

function tableOf(bars: readonly Row[]): BarTable {
  const table = new BarTable();
  table.write(bars);
  return table;
}

function shapesOf(type: Shapes["type"], ...rows: [open: number, high: number, low: number, close: number][]) {
  const table = tableOf(rows.map(([open, high, low, close], i) => ({ time: i, open, high, low, close, volume: 1 })));
  const shapes = new Shapes(type, table);
  return rows.map((_, i) => shapes.at(i));
}

test("candles, bars, lines and areas show the bars as they are", () => {
  for (const type of ["candles", "bars", "line", "area"] as const) {
    const [shape] = shapesOf(type, [1, 4, 0, 2]);
    assert.deepEqual(shape, { open: 1, high: 4, low: 0, close: 2, rises: true, hollow: false });
  }
});

test("a hollow candle's colour tells the close before, its body the open", () => {
  const shapes = shapesOf("hollow", [10, 12, 9, 11], [13, 14, 11, 12], [9, 11, 8, 10], [10, 10, 10, 10]);
  assert.deepEqual(
    shapes.map(({ rises, hollow }) => [rises, hollow]),
    [[true, true], [true, false], [false, true], [true, true]],
  );
});

test("Heikin-Ashi candles average each bar and follow on from the middle of the one before", () => {
  const [first, second] = shapesOf("heikin-ashi", [10, 16, 8, 14], [14, 15, 13, 14]);
  assert.deepEqual(first, { open: 12, high: 16, low: 8, close: 12, rises: true, hollow: false });
  assert.deepEqual(second, { open: 12, high: 15, low: 12, close: 14, rises: true, hollow: false });
});

test("a Heikin-Ashi candle's wick always holds its body", () => {
  const bars = walk(random(), 500);
  const shapes = new Shapes("heikin-ashi", tableOf(bars));
  bars.forEach((_, i) => {
    const { open, high, low, close } = shapes.at(i);
    assert.ok(high >= Math.max(open, close) && low <= Math.min(open, close), REPRODUCE);
  });
});

for (const { type } of CHART_TYPES) {
  test(`${type} under random ticks equals itself shaped at once`, () => {
    const next = random();
    const bars = walk(next, 20);
    const table = tableOf(bars);
    const live = new Shapes(type, table);
    for (let step = 0; step < 300; step++) {
      const isNew = next() < 0.2;
      const last = bars.at(-1)!;
      const from = isNew ? bars.length : bars.length - between(next, 1, 2);
      if (isNew) bars.push(bar(next, last.time + 60, last.close));
      else bars[from] = bar(next, bars[from]!.time, bars[from]!.open);
      table.write(bars, from);
      live.update(from);
    }
    const whole = new Shapes(type, tableOf(bars));
    bars.forEach((_, i) => assert.deepEqual(live.at(i), whole.at(i), REPRODUCE));
  });
}
