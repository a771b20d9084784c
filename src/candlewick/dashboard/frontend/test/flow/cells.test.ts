import assert from "node:assert/strict";
import { test } from "node:test";
import { quoteOf } from "../../src/data/amount";
import type { Trade } from "../../src/data/trade";
import { FlowBook, type FlowBar } from "../../src/flow/book";
import { Cells, levelOf, merged, read, stepAtLeast, valueArea } from "../../src/flow/cells";
import { random } from "../random";

const MINUTE = 60_000_000;
const opens = (micros: number) => (micros - (micros % MINUTE)) / 1e6;

/** Trades with contiguous ids over some minutes, many at one µs, some stamped a little early. */
function tape(seed: number, count = 400): Trade[] {
  const next = random(seed);
  let time = 1_723_161_240_000_000;
  return Array.from({ length: count }, (_, at) => {
    time += Math.floor(next() ** 4 * 4_000_000);
    const early = next() < 0.02 ? 900_000 : 0;
    return {
      id: 2n ** 53n + BigInt(at),
      time: time - early,
      price: 6_000_000_000_000n + BigInt(Math.floor(next() * 5_000)) * 1_000_000n,
      quantity: BigInt(1 + Math.floor(next() * 1e9)),
      isSell: next() < 0.5,
    };
  });
}

/** What the server says after some trades. */
function settled(trades: readonly Trade[], step: bigint): FlowBar[] {
  const bars = new Map<number, Cells>();
  for (const trade of trades) {
    const time = opens(trade.time);
    if (!bars.has(time)) bars.set(time, new Cells(step));
    bars.get(time)!.add(trade);
  }
  return [...bars].map(([time, cells]) => ({ time, cells, standing: "proved" }));
}

function told(book: FlowBook, trades: readonly Trade[]) {
  return [...new Set(trades.map(({ time }) => opens(time)))].map((time) => {
    const cells = book.at(time)?.cells;
    return [time, cells?.sorted(), cells?.delta, cells?.firstId, cells?.lastId];
  });
}

const STEP = 500_000_000n;

test("live, history and replay give the same cells, wherever they are cut", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const [trades, next] = [tape(seed), random(seed + 1_000)];
    const all = new FlowBook(STEP, opens);
    all.settle(settled(trades, STEP));
    const cut = Math.floor(next() * trades.length);

    const live = new FlowBook(STEP, opens);
    live.settle(settled(trades.slice(0, cut), STEP));
    // The feed repeats some trades, and comes in frames of any size.
    for (let at = Math.max(0, cut - 20); at < trades.length; ) {
      const end = at + 1 + Math.floor(next() * 40);
      live.take(trades.slice(Math.max(0, at - 3), end));
      at = end;
    }
    assert.deepEqual(told(live, trades), told(all, trades), `seed ${seed}, cut at ${cut}`);

    const from = opens(trades[cut]!.time);
    const replay = new FlowBook(STEP, opens);
    replay.settle(settled(trades, STEP));
    replay.replayFrom(from);
    // As a replay reads the tape: from the first trade of an instant on, some of which are stamped earlier.
    const played = trades.slice(trades.findIndex(({ time }) => opens(time) >= from));
    for (const trade of played) replay.play(trade);
    assert.deepEqual(
      told(replay, trades).map(([time, levels]) => [time, levels]),
      told(all, trades).map(([time, levels]) => [time, levels]),
      `seed ${seed}, replayed from ${from}`,
    );
  }
});

test("trades behind a hole are counted only when the server has passed it", () => {
  const trades = tape(7, 100);
  const book = new FlowBook(STEP, opens);
  book.settle(settled(trades.slice(0, 40), STEP));
  book.take(trades.slice(50));
  assert.equal(book.newestId, trades[39]!.id);
  book.settle(settled(trades.slice(0, 60), STEP));
  assert.equal(book.newestId, trades[99]!.id);
  const all = new FlowBook(STEP, opens);
  all.settle(settled(trades, STEP));
  assert.deepEqual(told(book, trades), told(all, trades));
});

test("what the server says later replaces what was carried on", () => {
  const trades = tape(9, 60);
  const book = new FlowBook(STEP, opens);
  book.settle(settled(trades.slice(0, 20), STEP));
  book.take(trades.slice(20));
  book.settle(settled(trades, STEP));
  assert.ok(settled(trades, STEP).every(({ time }) => book.at(time)?.standing === "proved"));
});

test("levels of any larger step add up to the same sums", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const trades = tape(seed);
    const fine = new Cells(1_000_000n);
    for (const trade of trades) fine.add(trade);
    for (const step of [5_000_000n, 10_000_000n, 500_000_000n]) {
      const direct = new Cells(step);
      for (const trade of trades) direct.add(trade);
      assert.deepEqual(merged(fine.levels.values(), step), direct.sorted());
    }
    const quote = trades.reduce((sum, { price, quantity }) => sum + quoteOf(price, quantity), 0n);
    assert.equal(fine.sorted().reduce((sum, { boughtQuote, soldQuote }) => sum + boughtQuote + soldQuote, 0n), quote);
  }
});

test("steps are 1 or 5 with a power of ten, and levels begin at their multiples", () => {
  assert.deepEqual([1n, 2n, 5n, 6n, 11n, 50n, 51n].map(stepAtLeast), [1n, 5n, 5n, 10n, 50n, 50n, 100n]);
  assert.equal(levelOf(1_234n, 50n), 1_200n);
});

const level = (price: bigint, bought: bigint, sold: bigint) => ({ price, bought, sold, boughtQuote: 0n, soldQuote: 0n, buys: 0, sells: 0 });

test("the value area grows to the larger side, and to both where they are equal", () => {
  const of = (volumes: bigint[]) => valueArea(volumes.map((volume, at) => level(BigInt(at), volume, 0n)));
  assert.deepEqual(of([1n, 2n, 9n, 4n, 1n]), { point: 2, low: 2, high: 3 });
  assert.deepEqual(of([1n, 3n, 4n, 3n, 1n]), { point: 2, low: 1, high: 3 });
  assert.equal(of([]), null);
});

test("imbalances compare diagonally, stack from three in a row, and ends with both sides are unfinished", () => {
  const levels = [level(0n, 1n, 2n), level(1n, 6n, 1n), level(2n, 3n, 2n), level(3n, 9n, 1n), level(4n, 1n, 0n), level(6n, 9n, 1n)];
  const reading = read(levels, 1n);
  assert.deepEqual(reading.imbalances, [null, "buy", "buy", "buy", null, null]);
  assert.deepEqual(reading.stacked, [false, true, true, true, false, false]);
  assert.deepEqual([reading.unfinishedLow, reading.unfinishedHigh], [true, true]);
  assert.equal(read(levels.slice(0, 5), 1n).unfinishedHigh, false);
});
