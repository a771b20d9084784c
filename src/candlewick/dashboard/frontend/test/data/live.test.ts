import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Live, type Status, type Tick } from "../../src/data/live";
import { happens, pretendPage, Socket } from "../page";

pretendPage("https://host/candlewick/chart");

const BTC = { symbol: "BTC", timeframe: "1m" };
const ETH = { symbol: "ETH", timeframe: "1s" };
const ROW = [60, 1, 2, 0.5, 1.5, 10, 15, 7, 0];

let live: Live;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: 1_000_000 });
  Socket.made = [];
  live = new Live("/candlewick", false);
});
afterEach(() => {
  live.dispose();
  mock.timers.reset();
});

/** Follow a series, and keep what is heard of it. */
function follow(series = BTC) {
  const [ticks, statuses]: [Tick[], Status[]] = [[], []];
  const leave = live.follow(series, { take: (tick) => ticks.push(tick), heed: (status) => statuses.push(status) });
  return { ticks, statuses, leave };
}

const subscriptions = () => Socket.newest.sent.flatMap((message) => (message as { subscribe?: unknown[] }).subscribe ?? []);
const newestSubscription = () =>
  Socket.newest.sent.map((message) => (message as { subscribe?: unknown[] }).subscribe).findLast((series) => series);

test("it speaks to the server that the page came from, below the same path, and encrypted where the page is", () => {
  assert.equal(Socket.newest.url, "wss://host/candlewick/api/live");
});

test("what is followed before the connection is there is asked for when it is", () => {
  follow(BTC);
  follow(ETH);
  assert.deepEqual(subscriptions(), []);
  Socket.newest.opens();
  assert.deepEqual(newestSubscription(), [["BTC", "1m"], ["ETH", "1s"]]);
});

test("a frame reaches all who follow its series, and nobody else", () => {
  Socket.newest.opens();
  const [one, two, other] = [follow(BTC), follow(BTC), follow(ETH)];
  Socket.newest.says({ s: "BTC", f: "1m", b: [ROW], g: 111, t: 11.5 });
  assert.deepEqual([one.ticks.length, two.ticks.length, other.ticks.length], [1, 1, 0]);
  const { bars, event, sent } = one.ticks[0]!;
  assert.deepEqual([bars[0]!.time, bars[0]!.close, bars[0]!.trades, event, sent], [60, 1.5, 7, 111, 122.5]);
});

test("who stops following hears nothing more, and the server is told when nobody is left", () => {
  Socket.newest.opens();
  const [one, two] = [follow(), follow()];
  one.leave();
  Socket.newest.says({ s: "BTC", f: "1m", b: [ROW] });
  assert.deepEqual([one.ticks.length, two.ticks.length], [0, 1]);
  two.leave();
  assert.deepEqual(newestSubscription(), []);
});

test("a second follower of a series has it greeted again: it is left, then asked for", () => {
  Socket.newest.opens();
  follow();
  const before = Socket.newest.sent.length;
  follow();
  assert.deepEqual(Socket.newest.sent.slice(before), [{ subscribe: [] }, { subscribe: [["BTC", "1m"]] }]);
});

test("a lost connection is told, tried again after ever longer waits, and subscribes anew", () => {
  const told: boolean[] = [];
  live.connection.on((isConnected) => told.push(isConnected));
  follow();
  Socket.newest.opens().breaks();
  assert.deepEqual([told, live.isConnected], [[true, false], false]);
  // Each wait is drawn from 3/4 to 5/4 of 250, 500, 1,000 and then 2,000 ms.
  for (const longest of [313, 625, 1_250, 2_500, 2_500]) {
    const tried = Socket.made.length;
    mock.timers.tick(longest);
    assert.equal(Socket.made.length, tried + 1);
    Socket.newest.breaks();
  }
  mock.timers.tick(2_500);
  Socket.newest.opens();
  assert.deepEqual([live.isConnected, newestSubscription()], [true, [["BTC", "1m"]]]);
});

test("silence for five seconds is a lost connection", () => {
  const silent = Socket.newest.opens();
  mock.timers.tick(4_000);
  silent.says({ pong: Date.now(), now: Date.now() });
  mock.timers.tick(5_000);
  assert.equal(live.isConnected, true);
  mock.timers.tick(2_000);
  assert.deepEqual([live.isConnected, silent.readyState], [false, 2]);
});

test("a page that is looked at again, or back in a network, does not wait for the next try", () => {
  for (const event of ["visibilitychange", "online"]) {
    Socket.newest.opens().breaks();
    const tried = Socket.made.length;
    happens(event);
    assert.equal(Socket.made.length, tried + 1);
  }
});

test("a socket that was given up has nothing more to say", () => {
  const { ticks } = follow();
  const old = Socket.newest.opens();
  old.breaks();
  mock.timers.tick(400);
  Socket.newest.opens();
  old.says({ s: "BTC", f: "1m", b: [ROW] });
  assert.equal(ticks.length, 0);
});

test("the server's clock is told by the quickest round trip, half of it for each way", () => {
  Socket.newest.opens();
  const answer = (sentAgo: number, server: number) => Socket.newest.says({ pong: Date.now() - sentAgo, now: server });
  answer(400, Date.now() + 5_000);
  assert.equal(live.serverNow(), Date.now() + 5_200);
  answer(20, Date.now() + 5_000);
  assert.equal(live.serverNow(), Date.now() + 5_010);
  answer(900, Date.now() + 9_000);
  assert.equal(live.serverNow(), Date.now() + 5_010);
});

test("what the server refuses is an error with its words", () => {
  Socket.newest.opens();
  assert.throws(() => Socket.newest.says({ error: "expected a symbol, got NOPE" }), /\/api\/live: expected a symbol, got NOPE/);
});
