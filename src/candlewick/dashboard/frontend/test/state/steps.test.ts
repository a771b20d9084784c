import assert from "node:assert/strict";
import { test } from "node:test";

import { Album } from "../../src/drawings/album";
import { drawingAt } from "../../src/drawings/model";
import { Steps } from "../../src/state/steps";

function counter(steps: Steps) {
  const state = { value: 0 };
  const set = (value: number, thing: string | null = null) => {
    const before = state.value;
    state.value = value;
    steps.push({ undo: () => set(before), redo: () => set(value) }, thing);
  };
  return { state, set };
}

test("steps are undone in the order in which they were done, and what undoing changes is no step", () => {
  const steps = new Steps(() => 0);
  const { state, set } = counter(steps);
  set(1);
  set(2);
  assert.deepEqual([steps.undo(), state.value, steps.undo(), state.value, steps.undo()], [true, 1, true, 0, false]);
  assert.deepEqual([steps.redo(), steps.redo(), state.value, steps.redo()], [true, true, 2, false]);
});

test("changes of one thing that follow each other at once are one step", () => {
  let now = 0;
  const steps = new Steps(() => now);
  const { state, set } = counter(steps);
  for (now = 0; now < 500; now += 100) set(now + 1, "colour");
  now = 5_000;
  set(9_000, "colour");
  steps.undo();
  assert.equal(state.value, 401);
  steps.undo();
  assert.equal(state.value, 0);
  steps.redo();
  assert.equal(state.value, 401);
});

test("a drawing is undone on its own symbol, also while another one is shown, and what others drew there stays", () => {
  const steps = new Steps();
  const shelf = new Map<string, readonly ReturnType<typeof drawingAt>[]>();
  const album = new Album([], steps, { load: (symbol) => shelf.get(symbol) ?? [], save: (symbol, page) => void shelf.set(symbol, page) });
  const line = (id: string) => drawingAt(id, "horizontal", { time: 0, price: 1 });
  album.open([], "BTC");
  album.put(line("mine"));
  shelf.set("BTC", [...album.drawings, line("another tab's")]);
  album.open([], "ETH");
  steps.undo();
  assert.deepEqual(album.drawings, []);
  assert.deepEqual(shelf.get("BTC")!.map(({ id }) => id), ["another tab's"]);
  steps.redo();
  assert.deepEqual(shelf.get("BTC")!.map(({ id }) => id).sort(), ["another tab's", "mine"]);
});
