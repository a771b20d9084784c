import assert from "node:assert/strict";
import { test } from "node:test";
import { State } from "../../src/data/bar";
import { numberOf, scaled } from "../../src/data/amount";
import type { Trade } from "../../src/data/trade";
import { intervalOf } from "../../src/data/timeframes";
import { BarBuilder } from "../../src/replay/builder";
import { Pace } from "../../src/replay/player";
import { ZoneClock } from "../../src/zone";
import { random } from "../random";

const MINUTE = 60_000_000;
const START = 1_732_233_600_000_000;
const utc = new ZoneClock("UTC");

function trade(id: number, time: number, price: string, quantity: string): Trade {
  return { id: BigInt(id), time, price: scaled(price), quantity: scaled(quantity), isSell: false };
}

test("amounts keep every digit that a decimal has", () => {
  assert.equal(scaled("61837.63"), 6_183_763_000_000n);
  assert.equal(scaled("0.00000001"), 1n);
  assert.equal(numberOf(scaled("0.1") + scaled("0.2")), 0.3);
  assert.equal(numberOf(12_345_678_901_234_567_890n), 123456789012.3456789);
  assert.throws(() => scaled("1.123456789"), /at most 8 decimals/);
});

test("sums are exact where floats are not", () => {
  const builder = new BarBuilder(intervalOf("1m", utc), false);
  for (let id = 0; id < 1_000; id++) builder.add(trade(id, START, "0.1", "0.1"));
  assert.equal(builder.bars[0]!.volume, 100);
  assert.equal(builder.bars[0]!.quoteVolume, 10);
});

test("each trade's quote amount is cut after eight places, and the cut ones are summed", () => {
  // As Binance published them: 0.00453205 (ETHBTC), 0.00223086 and 0.01472191 (KSMBTC).
  const builder = new BarBuilder(intervalOf("1m", utc), false);
  builder.add(trade(1, START, "0.03577", "0.1267"));
  assert.equal(builder.bars[0]!.quoteVolume, 0.00453205);
  builder.add(trade(2, START, "0.000627", "3.558"));
  builder.add(trade(3, START, "0.003127", "4.708"));
  assert.equal(builder.bars[0]!.quoteVolume, 0.02148482);
});

test("bars equal those made of each interval's trades at once, late ones included", () => {
  const next = random(7);
  const trades: Trade[] = [];
  for (let id = 0, time = START; id < 500; id++) {
    time += Math.floor(next() * 9_000_000);
    const late = next() < 0.05 ? Math.floor(next() * 90_000_000) : 0;
    trades.push(trade(id, Math.max(START, time - late), (100 + next()).toFixed(8), next().toFixed(8)));
  }
  const builder = new BarBuilder(intervalOf("1m", utc), true);
  for (const one of trades) builder.add(one);
  const groups = new Map<number, Trade[]>();
  for (const one of trades) {
    const opened = one.time - (one.time % MINUTE);
    groups.set(opened, [...(groups.get(opened) ?? []), one]);
  }
  const expected = [...groups].sort(([a], [b]) => a - b);
  assert.deepEqual(builder.bars.map((bar) => bar.time), expected.map(([opened]) => opened / 1e6));
  expected.forEach(([, group], index) => {
    const bar = builder.bars[index]!;
    const sum = (of: (trade: Trade) => bigint) => group.reduce((total, one) => total + of(one), 0n);
    assert.equal(bar.open, numberOf(group[0]!.price));
    assert.equal(bar.close, numberOf(group.at(-1)!.price));
    assert.equal(bar.volume, numberOf(sum((one) => one.quantity)));
    assert.equal(bar.quoteVolume, numberOf(sum((one) => (one.price * one.quantity) / 100_000_000n)));
    assert.equal(bar.trades, group.length);
  });
});

test("a minute without trades is flat at the close before, and a second without has no bar", () => {
  const [first, second] = [trade(1, START, "5", "1"), trade(2, START + 3 * MINUTE, "7", "1")];
  const minutes = new BarBuilder(intervalOf("1m", utc), false);
  const seconds = new BarBuilder(intervalOf("1s", utc), true);
  for (const one of [first, second]) [minutes, seconds].forEach((builder) => builder.add(one));
  assert.deepEqual(minutes.bars.map(({ close, trades, state }) => [close, trades, state]), [
    [5, 1, State.Closed],
    [5, 0, State.Closed],
    [5, 0, State.Closed],
    [7, 1, State.Forming],
  ]);
  assert.equal(seconds.bars.length, 2);
});

test("a day begins at its zone's midnight, and has 23 or 25 hours where clocks are set", () => {
  const hours = (zone: string, iso: string) => {
    const [opened, closed] = intervalOf("1d", new ZoneClock(zone))(Date.parse(iso) * 1e3);
    return [new Date(opened / 1e3).toISOString(), (closed - opened) / 3.6e9];
  };
  assert.deepEqual(hours("Asia/Kolkata", "2026-11-22T12:00:00Z"), ["2026-11-21T18:30:00.000Z", 24]);
  assert.deepEqual(hours("America/New_York", "2026-11-01T20:00:00Z"), ["2026-11-01T04:00:00.000Z", 25]);
  assert.deepEqual(hours("America/New_York", "2026-11-01T04:00:00Z"), ["2026-11-01T04:00:00.000Z", 25]);
  assert.deepEqual(hours("America/New_York", "2026-03-08T20:00:00Z"), ["2026-03-08T05:00:00.000Z", 23]);
});

test("the tape's clock runs at its speed, stands while it waits, and does not jump after a sleep", () => {
  const pace = new Pace(START);
  pace.speed = 100;
  pace.play(1_000);
  pace.pass(1_100);
  assert.equal(pace.now, START + 10_000_000);
  pace.pass(1_200, pace.now);
  assert.equal(pace.now, START + 10_000_000);
  pace.pass(61_200);
  assert.equal(pace.now, START + 35_000_000);
  pace.pause();
  pace.pass(99_000);
  assert.equal(pace.now, START + 35_000_000);
});
