import assert from "node:assert/strict";
import { test } from "node:test";

import { type Alone, Keeper } from "../../src/drawings/keeper";
import type { Difference } from "../../src/drawings/merge";
import { type Drawing, drawingAt } from "../../src/drawings/model";
import type { Told } from "../../src/drawings/server";
import { between, random, SEED } from "../random";

const BTC = "BTCUSDT";
const line = (id: string, price: number): Drawing => drawingAt(id, "horizontal", { time: 0, price });

class Store {
  readonly values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
  removeItem = (key: string) => void this.values.delete(key);
}

/** What `/api/drawings` does, for one owner and symbol, behind a network that may lose a request or its answer. */
class Server {
  owner: string | null = "ann";
  readonly drawings = new Map<string, Drawing>();
  requests = 0;

  constructor(private readonly loses: () => "request" | "answer" | null = () => null) {}

  ask = async (_: string, { put, remove }: Difference): Promise<Told | null> => {
    this.requests += 1;
    const lost = this.loses();
    await Promise.resolve();
    if (lost === "request") return null;
    put.forEach((drawing) => this.drawings.set(drawing.id, drawing));
    remove.forEach((id) => this.drawings.delete(id));
    const told = { owner: this.owner, page: [...this.drawings.values()] };
    await Promise.resolve();
    return lost === "answer" ? null : told;
  };
}

/** A lock for all tabs of a browser. */
function lock(): Alone {
  let last = Promise.resolve();
  return (_, run) => (last = last.then(run));
}

const idle = () => new Promise((resolve) => setTimeout(resolve));
const sorted = (page: Iterable<Drawing>) => [...page].sort((a, b) => a.id.localeCompare(b.id));

function turn({ shelf }: Keeper, id: string, drawing: Drawing | null): void {
  const others = shelf.load(BTC).filter((other) => other.id !== id);
  shelf.save(BTC, drawing ? [...others, drawing] : others);
}

test("what pages of two machines draw, move and delete comes together, whatever the network loses", async () => {
  for (let run = 0; run < 200; run++) {
    const seed = SEED + run;
    const next = random(seed);
    let isDown = true;
    const server = new Server(() => (isDown && next() < 0.3 ? "request" : isDown && next() < 0.3 ? "answer" : null));
    // Two tabs of one browser, and another machine. Each draws drawings of its own.
    const [here, alone] = [new Store(), lock()];
    const pages = [new Keeper(here, server.ask, alone), new Keeper(here, server.ask, alone), new Keeper(new Store(), server.ask)];
    const meant = new Map<string, Drawing | null>();
    for (let step = 0; step < 40; step++) {
      const page = between(next, 0, 2);
      const id = `${page}-${between(next, 0, 4)}`;
      const drawing = next() < 0.3 ? null : line(id, step);
      meant.set(id, drawing);
      turn(pages[page]!, id, drawing);
      void pages[page]!.sync(BTC);
      if (next() < 0.5) void pages[between(next, 0, 2)]!.sync(BTC);
      for (let wait = between(next, 0, 5); wait > 0; wait--) await Promise.resolve();
    }
    isDown = false;
    for (let round = 0; round < 3; round++) {
      for (const page of pages) await page.sync(BTC);
      await idle();
    }
    const expected = sorted([...meant.values()].filter((drawing) => drawing !== null));
    for (const kept of [server.drawings.values(), ...pages.map(({ shelf }) => shelf.load(BTC))]) {
      assert.deepEqual(sorted(kept), expected, `seed ${seed}: run SEED=${seed} node test.mjs`);
    }
  }
});

test("drawings that a browser had before anybody logged in become those of who does", async () => {
  const [server, store] = [new Server(), new Store()];
  const page = new Keeper(store, server.ask);
  turn(page, "mine", line("mine", 1));
  server.drawings.set("there", line("there", 2));
  await page.sync(BTC);
  assert.deepEqual(page.shelf.load(BTC).map(({ id }) => id), ["mine", "there"]);
  assert.deepEqual([...server.drawings.keys()].sort(), ["mine", "there"]);
});

test("those of another owner neither stay in the browser nor go to the next one's", async () => {
  const [server, store] = [new Server(), new Store()];
  const ann = new Keeper(store, server.ask);
  turn(ann, "ann's", line("ann's", 1));
  await ann.sync(BTC);
  server.owner = "bob";
  server.drawings.clear();
  const bob = new Keeper(store, server.ask);
  await bob.sync(BTC);
  assert.deepEqual([bob.shelf.load(BTC), [...server.drawings]], [[], []]);
});

test("without an owner all stays in the browser, and the server is asked once", async () => {
  const [server, store] = [new Server(), new Store()];
  server.owner = null;
  const page = new Keeper(store, server.ask);
  for (let step = 0; step < 5; step++) {
    turn(page, `${step}`, line(`${step}`, step));
    await page.sync(BTC);
  }
  assert.deepEqual([server.requests, server.drawings.size, page.shelf.load(BTC).length], [1, 0, 5]);
});

test("a drawing that was moved keeps its place among the others, and others' lie above it", async () => {
  const [server, store] = [new Server(), new Store()];
  const page = new Keeper(store, server.ask);
  for (const id of ["below", "above"]) turn(page, id, line(id, 1));
  await page.sync(BTC);
  server.drawings.delete("below");
  server.drawings.set("theirs", line("theirs", 3)).set("below", line("below", 4));
  await page.sync(BTC);
  assert.deepEqual(page.shelf.load(BTC).map(({ id }) => id), ["below", "above", "theirs"]);
});
