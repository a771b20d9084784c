import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, test } from "node:test";

import { type Bar, State } from "../../src/data/bar";
import { Feeder, type LiveScreen } from "../../src/data/feeder";
import { History } from "../../src/data/history";
import { Live, type Status, type Tick } from "../../src/data/live";
import { pretendPage, Socket } from "../page";

pretendPage("http://127.0.0.1/chart");

const MINUTE = 60;
const FIRST_PAGE = 1_500;
const MOST_BARS = 20_000;
const SERIES = { symbol: "BTC", timeframe: "1m" };

function bar(minute: number, trades = 1, state = State.Complete): Bar {
  return { time: minute * MINUTE, open: 1, high: 1, low: 1, close: 1, volume: 1, quoteVolume: 1, trades, bought: 0, state };
}

const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => bar(from + index));

/** The warehouse behind `/api/candles`, as a list of bars. */
let tape: Bar[] = [];
let asked: string[] = [];
let hold: Promise<void> = Promise.resolve();
let server: Server;
let base: string;

before(async () => {
  server = createServer(async (request, response) => {
    const query = new URL(request.url!, "http://host").searchParams;
    asked.push(request.url!);
    await hold;
    const limit = Number(query.get("limit"));
    const [since, until] = [Number(query.get("since") ?? 0), Number(query.get("before") ?? Infinity)];
    const within = tape.filter(({ time }) => time >= since && time < until);
    const page = within.slice(-limit);
    const column = (name: keyof Bar) => page.map((bar) => bar[name]);
    response.writeHead(tape.length > 0 ? 200 : 503, { "content-type": "application/json" });
    response.end(
      JSON.stringify({
        more: within.length > page.length,
        t: column("time"), o: column("open"), h: column("high"), l: column("low"), c: column("close"),
        v: column("volume"), q: column("quoteVolume"), n: column("trades"), b: column("bought"), x: column("state"),
      }),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());
beforeEach(() => {
  tape = [];
  asked = [];
  hold = Promise.resolve();
});

/** A feeder with a screen that keeps what it shows. */
function fed(t: { after(end: () => void): void }, hasCandles = true) {
  const live = new Live(base, hasCandles);
  const shown = { bars: [] as readonly Bar[], opened: 0 };
  const screen: LiveScreen = {
    open: (bars) => void ((shown.bars = bars), (shown.opened += 1)),
    rebuild: (bars) => void (shown.bars = bars),
    update: (_, bars) => void (shown.bars = bars),
    took: () => {},
    heard: () => {},
  };
  const feeder = new Feeder(new History(base), live, screen);
  t.after(() => {
    feeder.dispose();
    live.dispose();
  });
  const times = () => shown.bars.map(({ time }) => time / MINUTE);
  return { feeder, shown, times, span: () => [times()[0], times().at(-1), shown.bars.length] };
}

function tick(...bars: Bar[]): Tick {
  return { bars, event: 0, sent: 0, bytes: 0 };
}

function status(stamp: string, source: Status["source"] = "feed"): Status {
  return { now: Date.now(), source, closes: null, event: null, stamp, history: null };
}

/** Wait until a condition holds; a machine may be slow. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `still not: ${holds}`);
    await new Promise((later) => setTimeout(later, 5));
  }
}

/** Minutes since the epoch, as the tape's tail: pages are told to be at the head by the clock. */
const NOW = Math.floor(Date.now() / 1_000 / MINUTE);

test("the newest page is shown, with the bars that came over the live connection before it", async (t) => {
  tape = minutes(NOW - 3_000, NOW);
  const { feeder, span, shown } = fed(t);
  feeder.open(SERIES);
  feeder.take(tick(bar(NOW - 1, 9), bar(NOW, 1, State.Forming)));
  await until(() => feeder.isLoaded);
  assert.deepEqual(span(), [NOW - FIRST_PAGE, NOW, FIRST_PAGE + 1]);
  assert.equal(shown.bars.at(-2)!.trades, 9);
  assert.deepEqual([feeder.hasOlder, feeder.isAtHead, feeder.newest?.time], [true, true, NOW * MINUTE]);
});

test("older pages are asked for one at a time, up to the first bar of the tape", async (t) => {
  tape = minutes(NOW - 3_000, NOW);
  const { feeder, span } = fed(t);
  feeder.open(SERIES);
  await until(() => feeder.isLoaded);
  await Promise.all([feeder.older(), feeder.older(), feeder.older()]);
  assert.deepEqual([asked.length, span(), feeder.hasOlder], [2, [NOW - 3_000, NOW - 1, 3_000], false]);
  await feeder.older();
  assert.equal(asked.length, 2);
});

test("the newest bars give way to the oldest that are looked at, and come back", async (t) => {
  tape = minutes(NOW - 24_000, NOW);
  const { feeder, span } = fed(t);
  feeder.open(SERIES);
  await until(() => feeder.isLoaded);
  while (feeder.isAtHead) await feeder.older();
  const [, last, count] = span();
  assert.ok(last! < NOW - 1);
  assert.equal(count, MOST_BARS);
  // What comes live now has no place beside bars that are not loaded; it is still the newest price.
  feeder.take(tick(bar(NOW, 1, State.Forming)));
  assert.deepEqual([span()[1], feeder.newest?.time], [last, NOW * MINUTE]);
  while (!feeder.isAtHead) await feeder.newer();
  assert.deepEqual(span().slice(1), [NOW - 1, MOST_BARS]);
  assert.equal(feeder.hasOlder, true);
});

test("a jump far back shows the bars around that instant, and the way to the newest leads back", async (t) => {
  tape = minutes(NOW - 9_000, NOW);
  const { feeder, times, span, shown } = fed(t);
  feeder.open(SERIES);
  await until(() => feeder.isLoaded);
  await feeder.reach((NOW - 7_000) * MINUTE);
  assert.ok(times().includes(NOW - 7_000));
  assert.deepEqual([feeder.isAtHead, shown.bars.length], [false, FIRST_PAGE]);
  await feeder.reach((NOW - 7_100) * MINUTE);
  assert.equal(asked.length, 2);
  await feeder.toHead();
  assert.deepEqual([span()[1], feeder.isAtHead], [NOW - 1, true]);
});

test("a series can be opened at an instant: the bars around it are shown, and both directions lead on", async (t) => {
  tape = minutes(NOW - 9_000, NOW);
  const { feeder, times, span } = fed(t);
  feeder.open(SERIES, (NOW - 7_000) * MINUTE);
  feeder.take(tick(bar(NOW, 1, State.Forming)));
  await until(() => feeder.isLoaded);
  assert.deepEqual(span(), [NOW - 7_750, NOW - 6_251, FIRST_PAGE]);
  assert.deepEqual([feeder.isAtHead, feeder.hasOlder, feeder.newest?.time], [false, true, NOW * MINUTE]);
  await feeder.older();
  await feeder.newer();
  assert.deepEqual([times()[0], times().at(-1)], [NOW - 9_000, NOW - 4_251]);
});

test("a series opened near the newest bar, or before its first, shows its newest page", async (t) => {
  tape = minutes(NOW - 2_000, NOW);
  const { feeder, span } = fed(t);
  feeder.open(SERIES, (NOW - 100) * MINUTE);
  await until(() => feeder.isLoaded);
  assert.deepEqual([span()[1], feeder.isAtHead], [NOW - 1, true]);
  feeder.open(SERIES, (NOW - 90_000) * MINUTE);
  await until(() => {
    feeder.heed(status("1"));
    return feeder.isLoaded;
  });
  assert.deepEqual([span()[1], feeder.isAtHead], [NOW - 1, true]);
});

test("a page of a series that was left meanwhile is not drawn", async (t) => {
  tape = minutes(NOW - 100, NOW);
  let release = () => {};
  hold = new Promise((done) => (release = done));
  const { feeder, shown } = fed(t);
  feeder.open(SERIES);
  await until(() => asked.length === 1);
  feeder.open({ ...SERIES, symbol: "ETH" });
  release();
  await until(() => feeder.isLoaded);
  assert.equal(shown.opened, 1);
  assert.match(asked.at(-1)!, /symbol=ETH/);
});

test("a connection that is back brings the bars that were missed", async (t) => {
  tape = minutes(NOW - 100, NOW - 10);
  const { feeder, times } = fed(t);
  feeder.open(SERIES);
  await until(() => feeder.isLoaded);
  tape = minutes(NOW - 100, NOW);
  Socket.newest.opens();
  await until(() => times().at(-1) === NOW - 1);
  assert.equal(times().length, 100);
});

test("before there are any bars it waits for a status that says so, and then loads them", async (t) => {
  const { feeder, shown } = fed(t);
  feeder.open(SERIES);
  await until(() => asked.length === 1);
  feeder.heed(status("", "waiting"));
  tape = minutes(NOW - 10, NOW);
  await until(() => {
    feeder.heed(status("1"));
    return feeder.isLoaded;
  });
  assert.equal(shown.bars.length, 10);
});

test("history that grew is fetched again, once for many statuses", async (t) => {
  tape = minutes(NOW - 10, NOW);
  const { feeder, span } = fed(t);
  feeder.open(SERIES);
  await until(() => feeder.isLoaded);
  tape = minutes(NOW - 50, NOW);
  for (const stamp of ["1", "2", "3"]) feeder.heed(status(stamp));
  await until(() => span()[2] === 50);
  assert.equal(asked.length, 2);
});

test("before the warehouse has candles nothing is asked for; a status tells when it has", async (t) => {
  const { feeder, shown } = fed(t, false);
  feeder.open(SERIES);
  feeder.heed(status("", "waiting"));
  await new Promise((later) => setTimeout(later, 20));
  assert.deepEqual(asked, []);
  tape = minutes(NOW - 10, NOW);
  feeder.heed(status("1"));
  await until(() => feeder.isLoaded);
  assert.deepEqual([asked.length, shown.bars.length], [1, 10]);
});
