import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { BarTable, type Row } from "../../src/chart/columns";
import { History } from "../../src/data/history";
import { SumsBefore } from "../../src/indicators/before";
import { UTC_DAYS } from "../../src/indicators/definition";
import { Indicator } from "../../src/indicators/indicator";
import { VWAP } from "../../src/indicators/vwap";
import { between, random, SEED } from "../random";

const MIDNIGHT = 1_795_305_600;
const MINUTES = 30;

/** Seconds since midnight, each minute of them at one price, so that minutes tell the same money as their seconds. */
function seconds(): Row[] {
  const next = random();
  return Array.from({ length: 60 * MINUTES }, (_, at) => {
    const price = 100 + Math.floor(at / 60);
    return { time: MIDNIGHT + at, open: price, high: price, low: price, close: price, volume: between(next, 0, 9) };
  });
}

function minutesOf(rows: readonly Row[]): Row[] {
  return Array.from({ length: rows.length / 60 }, (_, at) => {
    const own = rows.slice(60 * at, 60 * (at + 1));
    return { ...own[0]!, volume: own.reduce((sum, { volume }) => sum + volume, 0) };
  });
}

test("seconds have the VWAP of their whole day, although a page of them begins long after midnight", async (t) => {
  const rows = seconds();
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    const query = new URL(request.url!, "http://host").searchParams;
    const [since, before] = [Number(query.get("since")), Number(query.get("before"))];
    const all = query.get("timeframe") === "1m" ? minutesOf(rows) : rows;
    const page = all.filter(({ time }) => time >= since && time < before);
    const column = (name: keyof Row) => page.map((row) => row[name]);
    const [o, h, l, c, v] = [column("open"), column("high"), column("low"), column("close"), column("volume")];
    response.end(JSON.stringify({ more: false, t: column("time"), o, h, l, c, v, q: v, n: v, b: v, x: v }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => server.close());

  const whole = new BarTable();
  whole.write(rows);
  const expected = new Indicator(VWAP, whole).outputs["vwap"]!;
  const bars = new BarTable();
  let first = 25 * 60 + 17;
  bars.write(rows.slice(first));
  const history = new History(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  let heard = () => {};
  const arrival = new Promise<void>((done) => (heard = done));
  const before = new SumsBefore(history, { symbol: "BTC", timeframe: "1s" }, bars, () => heard());
  const sessions = { ...UTC_DAYS, before: (time: number) => before.at(time) };
  const vwap = new Indicator(VWAP, bars, {}, sessions);
  assert.ok(Number.isNaN(vwap.outputs["vwap"]![0]!));
  await arrival;

  const isRight = () => {
    vwap.update();
    const values = Array.from(vwap.outputs["vwap"]!);
    assert.equal(values.length, rows.length - first);
    values.forEach((value, at) => assert.ok(Math.abs(value - expected[first + at]!) < 1e-9, `seed ${SEED}: bar ${at}`));
  };
  isRight();
  assert.equal(asked, 2);
  // An older page comes: what it holds is taken off the sums that are known.
  first = 7 * 60 + 3;
  bars.write(rows.slice(first));
  isRight();
  assert.equal(asked, 2);
});
