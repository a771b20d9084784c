import assert from "node:assert/strict";
import { test } from "node:test";

import { Album } from "../../src/drawings/album";
import { Hand } from "../../src/drawings/hand";
import { drawingAt, type Kind } from "../../src/drawings/model";
import { at, pane, px } from "./pane";

const view = pane();

function desk(...kinds: Kind[]) {
  const album = new Album(kinds.map((kind) => drawingAt(kind, kind, { time: at(10), price: 900 })));
  let ids = 0;
  const hand = new Hand(album, () => `new-${ids++}`);
  const pointer = (x: number, y: number, keys = {}) => ({ at: px(x, y), shift: false, control: false, isTouch: false, ...keys });
  return {
    album,
    hand,
    down: (x: number, y: number, keys = {}) => hand.down(view, pointer(x, y, keys)),
    move: (x: number, y: number, keys = {}) => hand.move(view, pointer(x, y, keys)),
    up: (x: number, y: number, keys = {}) => hand.up(view, pointer(x, y, keys)),
  };
}

test("a trend line is drawn by two clicks, and follows the pointer between them", () => {
  const { hand, album, down, move, up } = desk();
  hand.tool = "trend";
  assert.ok(down(5, 100));
  up(5, 100);
  move(53, 150);
  assert.deepEqual(hand.shown[0]!.anchors, [{ time: at(0), price: 900 }, { time: at(5), price: 850 }]);
  assert.equal(album.drawings.length, 0, "it is not kept before it is done");
  assert.ok(down(105, 200));
  up(105, 200);
  assert.deepEqual(album.drawings[0]!.anchors[1], { time: at(10), price: 800 });
  assert.equal(hand.selected, album.drawings[0]);
  assert.equal(hand.tool, null);
});

test("a drag draws it as well", () => {
  const { hand, album, down, move, up } = desk();
  hand.tool = "fibonacci";
  down(5, 100);
  move(60, 130);
  move(105, 200);
  up(105, 200);
  assert.deepEqual(album.drawings[0]!.anchors.map(({ price }) => price), [900, 800]);
  assert.equal(hand.isBusy, false);
});

test("a horizontal line takes one press", () => {
  const { hand, album, down, up } = desk();
  hand.tool = "horizontal";
  assert.ok(down(5, 100));
  up(5, 100);
  assert.deepEqual(album.drawings.map(({ kind }) => kind), ["horizontal"]);
  assert.equal(hand.isBusy, false);
});

test("a press beside every drawing is the chart's, and lets go of the selection", () => {
  const { hand, down, up } = desk("horizontal");
  assert.ok(down(300, 100));
  up(300, 100);
  assert.equal(hand.selected?.id, "horizontal");
  assert.equal(down(300, 300), false);
  assert.equal(hand.selected, undefined);
});

test("a move is one step of undo, however many events it took", () => {
  const { hand, album, down, move, up } = desk("horizontal");
  down(300, 100);
  for (let y = 100; y <= 200; y += 5) move(300, y);
  assert.equal(hand.shown[0]!.anchors[0]!.price, 800);
  assert.equal(album.drawings[0]!.anchors[0]!.price, 900, "the album keeps the old place until the hand lets go");
  up(300, 200);
  assert.equal(album.drawings[0]!.anchors[0]!.price, 800);
  assert.ok(album.undo());
  assert.equal(album.drawings[0]!.anchors[0]!.price, 900);
  assert.ok(album.redo());
  assert.equal(album.drawings[0]!.anchors[0]!.price, 800);
});

test("a click with a trembling hand changes nothing", () => {
  const { hand, album, down, move, up } = desk("horizontal");
  down(300, 100);
  move(302, 102);
  up(302, 102);
  assert.equal(album.drawings[0]!.anchors[0]!.price, 900);
  assert.equal(album.undo(), false, "nothing to undo");
});

test("a locked drawing can be chosen, but neither moved nor deleted", () => {
  const { hand, album, down, up } = desk("horizontal");
  album.edit((drawing) => ({ ...drawing, locked: true }));
  assert.equal(down(300, 100), false, "the chart pans");
  up(300, 200);
  assert.equal(hand.selected?.id, "horizontal");
  assert.equal(hand.key("Delete"), false);
  assert.equal(album.drawings.length, 1);
});

test("a hidden drawing is neither shown nor hit", () => {
  const { hand, album, down } = desk("horizontal");
  album.edit((drawing) => ({ ...drawing, hidden: true }));
  assert.equal(hand.shown.length, 0);
  assert.equal(down(300, 100), false);
});

test("Delete takes the chosen drawing away, and undo brings it back", () => {
  const { hand, album, down, up } = desk("horizontal");
  assert.equal(hand.key("Delete"), false, "nothing is chosen");
  down(300, 100);
  up(300, 100);
  assert.ok(hand.key("Delete"));
  assert.equal(album.drawings.length, 0);
  album.undo();
  assert.equal(album.drawings.length, 1);
});

test("Escape drops the drawing in the making and the tool", () => {
  const { hand, album, down, up } = desk();
  hand.tool = "trend";
  down(5, 100);
  up(5, 100);
  assert.ok(hand.key("Escape"));
  assert.equal(hand.tool, null);
  assert.equal(hand.shown.length + album.drawings.length, 0);
  assert.equal(hand.key("Escape"), false, "nothing to let go of");
});

test("Escape puts a drawing in motion back", () => {
  const { hand, album, down, move, up } = desk("horizontal");
  down(300, 100);
  move(300, 200);
  hand.cancel();
  up(300, 200);
  assert.equal(hand.shown[0]!.anchors[0]!.price, 900);
  assert.equal(album.undo(), false);
});

test("Shift measures in passing: shown until the next press, never kept", () => {
  const { hand, album, down, move, up } = desk();
  assert.ok(down(5, 100, { shift: true }));
  up(5, 100);
  move(105, 200);
  down(105, 200);
  up(105, 200);
  assert.equal(hand.shown[0]!.kind, "measure");
  assert.equal(album.drawings.length, 0);
  assert.equal(down(300, 300), false);
  assert.equal(hand.shown.length, 0);
});

test("the pointer tells what it would do", () => {
  const { hand, down, move } = desk("horizontal");
  assert.equal(hand.cursor, undefined);
  move(300, 103);
  assert.deepEqual([hand.hovered, hand.cursor], ["horizontal", "pointer"]);
  down(300, 103);
  assert.equal(hand.cursor, "grabbing");
  hand.cancel();
  move(300, 300);
  assert.equal(hand.cursor, undefined);
  hand.tool = "trend";
  assert.equal(hand.cursor, "crosshair");
});

test("a finger reaches further than a cursor", () => {
  const { hand, down } = desk("horizontal");
  assert.equal(down(300, 112), false);
  assert.ok(down(300, 112, { isTouch: true }));
  assert.equal(hand.selected?.id, "horizontal");
});

test("Control turns the magnet round", () => {
  const { hand, album, down } = desk();
  const price = (control: boolean) => {
    hand.tool = "horizontal";
    down(5, 300, { control });
    return album.drawings.at(-1)!.anchors[0]!.price;
  };
  assert.deepEqual([price(false), price(true)], [700, 880]);
  hand.magnet = "strong";
  assert.deepEqual([price(false), price(true)], [880, 700]);
});

test("a channel takes three presses, the third of which sets it apart", () => {
  const { hand, album, down, move, up } = desk();
  hand.tool = "channel";
  for (const [x, y] of [[5, 100], [105, 200], [55, 250]] as const) {
    move(x, y);
    assert.ok(down(x, y));
    up(x, y);
  }
  assert.deepEqual(album.drawings[0]!.anchors, [
    { time: at(0), price: 900 },
    { time: at(10), price: 800 },
    { time: at(5), price: 750 },
  ]);
  assert.equal(hand.isBusy, false);
});

test("a long position is placed by one press, its target above and its stop below; a short one the other way round", () => {
  for (const [kind, sign] of [["long", 1], ["short", -1]] as const) {
    const { hand, album, down, up } = desk();
    hand.tool = kind;
    down(55, 200);
    up(55, 200);
    const [entry, target, stop] = album.drawings[0]!.anchors;
    assert.equal(entry!.price, 800);
    assert.ok(sign * (target!.price - 800) > 0 && sign * (stop!.price - 800) < 0);
    assert.ok(target!.time > entry!.time);
  }
});
