import assert from "node:assert/strict";
import { test } from "node:test";

import { Album } from "../../src/drawings/album";
import { averages } from "../../src/drawings/anchored";
import { LEVELS, retraced } from "../../src/drawings/fibonacci";
import { figureOf } from "../../src/drawings/figures";
import { magnetic, moved } from "../../src/drawings/hand";
import { hit } from "../../src/drawings/hit";
import { measurement, spanText } from "../../src/drawings/measure";
import { type Drawing, drawingAt, type Kind, KINDS } from "../../src/drawings/model";
import { decode, encode, levelsOf, Shelf } from "../../src/drawings/shelf";
import { positionAt, positionOf, timeAt, xAt } from "../../src/drawings/timeline";
import { extended } from "../../src/drawings/trend";
import { at, MINUTE, pane, px } from "./pane";
import { between, random, SEED } from "../random";

const REPRODUCE = `seed ${SEED}: run SEED=${SEED} node test.mjs`;
const BODY = { kind: "body" } as const;

function drawing(kind: Kind, ...places: [minute: number, price: number][]): Drawing {
  return { ...drawingAt(kind, kind, { time: 0, price: 0 }), anchors: places.map(([minute, price]) => ({ time: at(minute), price })) };
}

// Times and bars

test("positions and times are each other's inverse, between the bars and far beyond them", () => {
  const next = random();
  const minutes = [0];
  while (minutes.length < 200) minutes.push(minutes.at(-1)! + between(next, 1, 9));
  const { axis } = pane(minutes);
  for (let i = 0; i < 1_000; i++) {
    const time = at(0) + between(next, -50_000, 150_000);
    assert.equal(timeAt(axis, positionOf(axis, time)), time, REPRODUCE);
    const x = -3_000 + next() * 9_000;
    assert.ok(Math.abs(xAt(axis, positionAt(axis, x)) - x) < 1e-6, REPRODUCE);
  }
});

test("a time beyond the bars lies as many bars away as the timeframe says", () => {
  const { axis } = pane([0, 1, 2]);
  assert.deepEqual([at(-5), at(0), at(2), at(12)].map((time) => positionOf(axis, time)), [-5, 0, 2, 12]);
  assert.equal(xAt(axis, 12), 125);
});

test("a time in a hole of the tape lies between the bars beside it", () => {
  const { axis } = pane([0, 10, 11]);
  assert.equal(positionOf(axis, at(5)), 0.5);
  assert.equal(timeAt(axis, 0.5), at(5));
});

test("one bar is enough to place a time", () => {
  const { axis } = pane([0]);
  assert.deepEqual([xAt(axis, positionOf(axis, at(-2))), xAt(axis, positionOf(axis, at(3)))], [-15, 35]);
  assert.equal(positionAt(axis, 35), 3);
});

// Figures

test("a horizontal line goes from edge to edge at its price, its handle within reach", () => {
  const { strokes, handles } = figureOf(drawing("horizontal", [-500, 900]), pane());
  assert.deepEqual([strokes[0]!.from, strokes[0]!.to], [px(0, 100), px(600, 100)]);
  assert.deepEqual(handles, [px(8, 100)]);
});

test("a trend line goes on where it is extended to", () => {
  const area = { width: 100, height: 100 };
  const [a, b] = [px(20, 20), px(40, 30)];
  assert.deepEqual(extended(a, b, "none", area), [a, b]);
  assert.deepEqual(extended(b, a, "right", area), [a, px(100, 60)]);
  assert.deepEqual(extended(a, b, "both", area), [px(0, 10), px(100, 60)]);
  assert.deepEqual(extended(px(5, 10), px(5, 20), "right", area), [px(5, 10), px(5, 100)]);
  assert.deepEqual(extended(px(5, 20), px(5, 10), "both", area), [px(5, 100), px(5, 0)]);
  assert.deepEqual(extended(a, a, "both", area), [a, a]);
});

test("Fibonacci levels run from the move's end back to its start and beyond", () => {
  assert.deepEqual([0, 0.5, 1, 1.618].map((share) => retraced(100, 200, share)), [200, 150, 100, retraced(100, 200, 1.618)]);
  const { strokes, labels, areas } = figureOf(drawing("fibonacci", [0, 800], [10, 900]), pane());
  assert.equal(strokes.length, LEVELS.length + 1);
  assert.equal(areas.length, LEVELS.length - 1);
  assert.deepEqual(labels[4]!.lines, ["0.618 (838.20)"]);
  assert.deepEqual([strokes[1]!.from, strokes[1]!.to], [px(5, 100), px(105, 100)]);
});

test("a measure counts price, bars, time and the volume of both ends and all between", () => {
  const view = pane([0, 1, 2, 5, 6]);
  const [from, to] = drawing("measure", [1, 800], [5, 840]).anchors;
  const expected = { move: 40, percent: 5, bars: 2, seconds: 4 * MINUTE, volume: 6 };
  assert.deepEqual(measurement([from!, to!], view), expected);
  assert.deepEqual(measurement([to!, from!], view), { ...expected, move: -40, percent: -100 / 21, bars: -2, seconds: -240 });
});

test("a measure tells what it found", () => {
  const [label] = figureOf(drawing("measure", [0, 800], [1, 780]), pane()).labels;
  assert.deepEqual(label!.lines, ["−20.00 (−2.50%)", "1 bar, 1m", "Vol 4.00"]);
});

test("a span of time reads in its two largest units", () => {
  assert.deepEqual([0, 59, 60, 3_660, 3_601, -90_000, 200_000].map(spanText), [
    "0s", "59s", "1m", "1h 1m", "1h", "−1d 1h", "2d 7h",
  ]);
});

// Hitting

test("a pointer hits the handle before the line, and a line only within reach", () => {
  const line = drawing("trend", [0, 900], [20, 900]);
  assert.deepEqual(hit([line], pane(), px(6, 103), 6)?.part, { kind: "handle", index: 0 });
  assert.deepEqual(hit([line], pane(), px(100, 105), 6)?.part, BODY);
  assert.equal(hit([line], pane(), px(100, 107), 6), null);
  assert.equal(hit([line], pane(), px(260, 100), 6), null);
});

test("of two drawings the nearer is hit, of equals the one on top", () => {
  const [low, high] = [drawing("horizontal", [0, 900]), { ...drawing("horizontal", [0, 904]), id: "high" }];
  assert.equal(hit([low, high], pane(), px(300, 99), 6)?.drawing, low);
  assert.equal(hit([low, { ...low, id: "copy" }], pane(), px(300, 99), 6)?.drawing.id, "copy");
});

test("the inside of a measure belongs to it, the inside of a retracement to the chart", () => {
  const places: [number, number][] = [[0, 900], [20, 700]];
  assert.deepEqual(hit([drawing("measure", ...places)], pane(), px(50, 150), 6)?.part, BODY);
  assert.equal(hit([drawing("fibonacci", ...places)], pane(), px(150, 265), 6), null);
});

// Moving

test("a body moves by whole bars and keeps its form, into the future as well", () => {
  const line = drawing("trend", [10, 900], [20, 850]);
  const there = moved(line, BODY, px(105, 100), px(608, 80), pane(), magnetic("off"));
  assert.deepEqual(there.anchors, [{ time: at(60), price: 920 }, { time: at(70), price: 870 }]);
});

test("a body moved up keeps its times to the second, also between the bars of a coarser timeframe", () => {
  const line = { ...drawing("horizontal", [0, 900]), anchors: [{ time: at(0) + 7, price: 900 }] };
  assert.deepEqual(moved(line, BODY, px(5, 100), px(8, 90), pane(), magnetic("off")).anchors, [{ time: at(0) + 7, price: 910 }]);
});

test("a handle goes to the bar under the pointer and leaves the other one", () => {
  const line = drawing("trend", [0, 900], [20, 850]);
  const part = { kind: "handle", index: 1 } as const;
  const { anchors } = moved(line, part, px(205, 150), px(98, 300), pane(), magnetic("off"));
  assert.deepEqual(anchors, [line.anchors[0], { time: at(9), price: 700 }]);
});

test("the magnet draws to the nearest of a bar's prices, a weak one only from near", () => {
  const place = (magnet: "off" | "weak" | "strong", y: number, x = 5) => magnetic(magnet)(pane(), px(x, y)).price;
  assert.deepEqual([place("off", 83), place("weak", 83), place("weak", 87), place("weak", 150)], [917, 920, 910, 850]);
  assert.equal(place("strong", 300), 880);
  assert.equal(place("strong", 300, 590), 700, "there is no bar in the future");
});

// Undo

test("every change can be undone and redone", () => {
  const album = new Album();
  const seen: number[] = [];
  album.onChange = () => seen.push(album.drawings.length);
  const line = drawing("trend", [0, 1], [1, 2]);
  album.put(line);
  album.put({ ...line, locked: true });
  album.remove("trend");
  album.remove("nothing");
  assert.deepEqual([album.undo(), album.undo(), album.undo(), album.undo()], [true, true, true, false]);
  assert.deepEqual([album.redo(), album.redo(), album.drawings[0]!.locked], [true, true, true]);
  album.put({ ...line, id: "other" });
  assert.equal(album.redo(), false, "a new change forgets what was undone");
  assert.deepEqual(seen, [1, 1, 0, 1, 1, 0, 1, 1, 2]);
});

test("undo is bounded", () => {
  const album = new Album();
  for (let i = 0; i < 300; i++) album.put({ ...drawing("horizontal", [i, 1]), id: String(i) });
  while (album.undo());
  assert.equal(album.drawings.length, 200);
});

test("all drawings can be hidden or deleted in one step", () => {
  const album = new Album([drawing("trend", [0, 1], [1, 2]), drawing("horizontal", [0, 1])]);
  album.edit((each) => ({ ...each, hidden: true }));
  assert.ok(album.drawings.every(({ hidden }) => hidden));
  album.edit(() => null);
  assert.equal(album.drawings.length, 0);
  album.undo();
  assert.equal(album.drawings.length, 2);
});

// Keeping

function store(): Map<string, string> & Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  const map = new Map<string, string>();
  return Object.assign(map, {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  });
}

test("drawings are kept per symbol", () => {
  const shelf = new Shelf(store());
  const lines = [drawing("trend", [-900, 1.5], [1, 2]), { ...drawing("horizontal", [0, 1e-8]), hidden: true, locked: true }];
  shelf.save("BTCUSDT", lines);
  assert.deepEqual(shelf.load("BTCUSDT"), lines);
  assert.deepEqual(shelf.load("ETHUSDT"), []);
});

test("a symbol without drawings leaves nothing behind", () => {
  const kept = store();
  new Shelf(kept).save("BTCUSDT", [drawing("horizontal", [0, 1])]);
  new Shelf(kept).save("BTCUSDT", []);
  assert.equal(kept.size, 0);
});

test("a full store says so", () => {
  const full = { ...store(), setItem: () => { throw new DOMException("full", "QuotaExceededError"); } };
  assert.throws(() => new Shelf(full).save("BTCUSDT", [drawing("horizontal", [0, 1])]), { name: "QuotaExceededError" });
});

test("what makes no sense is left out, what is missing is made good", () => {
  const good = drawing("trend", [0, 1], [1, 2]);
  const bad = [
    null,
    7,
    { ...good, id: 7 },
    { ...good, kind: "toString" },
    { ...good, anchors: [good.anchors[0]] },
    { ...good, anchors: [good.anchors[0], { time: 1, price: null }] },
    { ...good, anchors: "two" },
  ];
  assert.deepEqual(decode(JSON.stringify({ version: 1, drawings: [...bad, good, good] })), [good]);
  const { id, kind, anchors } = good;
  const style = { colour: "url(x)", width: 90, dash: "wavy", extend: 1 };
  for (const poor of [{ id, kind, anchors }, { id, kind, anchors, style }]) {
    assert.deepEqual(decode(JSON.stringify({ version: 1, drawings: [poor] })), [{ ...good, style: KINDS.trend.style }]);
  }
});

test("texts that are none of ours give no drawings", () => {
  for (const text of ["", "{", "null", "[]", '{"version":1}', '{"version":2,"drawings":[]}']) assert.deepEqual(decode(text), []);
  assert.deepEqual(decode(encode([])), []);
});

test("a ray goes from its first point through its second to the edge, to whichever side that is", () => {
  const ends = (...places: [number, number][]) => figureOf(drawing("ray", ...places), pane()).strokes[0]!;
  assert.deepEqual([ends([0, 900], [10, 850]).from, ends([0, 900], [10, 850]).to.x], [px(5, 100), 600]);
  assert.equal(ends([10, 900], [0, 850]).to.x, 0);
});

test("a vertical line crosses the pane at its time, and tells it", () => {
  const { strokes, labels } = figureOf(drawing("vertical", [10, 900]), pane());
  assert.deepEqual([strokes[0]!.from, strokes[0]!.to], [px(105, 0), px(105, 400)]);
  assert.deepEqual(labels[0]!.lines, [String(at(10))]);
});

test("the second line of a channel goes through the third point, with the slope of the first", () => {
  const { strokes, shapes } = figureOf(drawing("channel", [0, 900], [10, 800], [5, 750]), pane());
  assert.deepEqual([strokes[0]!.from, strokes[0]!.to], [px(5, 100), px(105, 200)]);
  assert.deepEqual([strokes[1]!.from, strokes[1]!.to], [px(5, 200), px(105, 300)]);
  assert.equal(shapes![0]!.corners.length, 4);
});

test("a position tells what it would win and lose", () => {
  const { labels } = figureOf(drawing("long", [0, 900], [10, 990], [10, 855]), pane());
  assert.deepEqual(labels.flatMap(({ lines }) => lines), ["Target 990.00 (+10.00%)", "Stop 855.00 (−5.00%)", "Reward to risk 2.00"]);
});

test("an anchored VWAP is the mean price by volume of the bars since its anchor, and nothing where they are not loaded", () => {
  const { bars } = pane();
  assert.deepEqual(averages(bars, at(48)), [(920 + 880 + 910) / 3, (920 + 880 + 910) / 3]);
  assert.deepEqual(averages(bars, at(-1)), []);
  const [since] = [figureOf(drawing("vwap", [3, 900]), pane())];
  assert.equal(since.strokes[0]!.from.x, 35);
});

test("a retracement has the levels that its reader set, which are kept; what makes no sense is the usual ones", () => {
  const own = { ...drawing("fibonacci", [0, 800], [10, 900]), levels: [0, 0.7, 1] };
  assert.deepEqual(figureOf(own, pane()).labels.map(({ lines }) => lines[0]!.split(" ")[0]), ["0", "0.7", "1"]);
  assert.deepEqual(decode(encode([own])), [own]);
  assert.deepEqual([[], ["x"], [NaN], Array(21).fill(1)].map(levelsOf), [null, null, null, null]);
});

test("a text is kept, and cut where somebody wrote a novel", () => {
  const written = { ...drawing("text", [0, 800]), text: "gap" };
  assert.deepEqual(decode(encode([written])), [written]);
  assert.equal(decode(encode([{ ...written, text: "x".repeat(1_000) }]))[0]!.text.length, 200);
});
