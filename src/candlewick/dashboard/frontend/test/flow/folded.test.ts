import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bar } from "../../src/data/bar";
import type { FlowBar } from "../../src/flow/book";
import { Cells } from "../../src/flow/cells";
import { made } from "../../src/flow/columns";
import { paintFolded, pixelOf, type Raster } from "../../src/flow/folded";
import type { Look, Painting } from "../../src/flow/paint";
import { CANDLE_COLOURS, PALETTES } from "../../src/style/theme";

const LOOK: Look = { palette: PALETTES.dark, colours: CANDLE_COLOURS, mode: "bidask" };
const STEP = 100_000_000n;
/** Sold and bought at prices 1, 2 and 3: the second one has most. */
const VOLUMES = [[2n, 0n], [2n, 6n], [0n, 4n]] as const;

function painting(width = 11): Painting {
  const levels = VOLUMES.map(([sold, bought], at) => ({
    price: BigInt(at + 1) * STEP, bought: bought * STEP, sold: sold * STEP, boughtQuote: 0n, soldQuote: 0n, buys: 1, sells: 1,
  }));
  const flow: FlowBar = { time: 0, cells: new Cells(STEP), standing: "proved" };
  // Price 4 is at the top, 4 px a level.
  const place = { x: width / 2, width, y: (price: number) => 4 * (4 - price) + 8 };
  return { bar: {} as Bar, flow, column: made(levels, STEP), place };
}

function painted(raster: Partial<Raster> = {}): Raster {
  const whole = { width: 11, height: 24, top: 0, across: 1, down: 1, ...raster };
  const made = { ...whole, pixels: new Uint32Array(whole.width * whole.height) };
  paintFolded(made, [painting()], LOOK);
  return made;
}

/** A row of pixels as letters: sold, bought (large ones at the point of control), ground, or nothing. */
function row({ pixels, width }: Raster, at: number): string {
  const { colours, palette } = LOOK;
  const letters = new Map([[0, " "], [pixelOf(palette.background), "."], [pixelOf(colours.bearFill), "S"], [pixelOf(colours.bullFill), "B"]]);
  const faint = [...new Set(pixels)].filter((pixel) => !letters.has(pixel));
  assert.equal(faint.length, 2, "a faint colour for each side");
  const isRed = (pixel: number) => (pixel & 0xff) > ((pixel >> 8) & 0xff);
  faint.forEach((pixel) => letters.set(pixel, isRed(pixel) ? "s" : "b"));
  return [...pixels.slice(at * width, (at + 1) * width)].map((pixel) => letters.get(pixel)).join("");
}

test("rows are as long as what was sold and bought, on the ground that hides the candle", () => {
  const raster = painted();
  const rows = Array.from({ length: 24 }, (_, at) => row(raster, at));
  assert.deepEqual(rows.slice(0, 7), Array(7).fill(" ".repeat(11)));
  assert.deepEqual(rows[7], " .......... ".slice(0, 11));
  assert.deepEqual(rows.slice(8, 11), Array(3).fill(row(raster, 8)));
  assert.match(rows[8]!, /^[ .]{2}b{4}\.{4}[ .]$/);
  assert.match(rows[11]!, /^[ .]*$/, "a row of more than 3 px ends one before the next");
  assert.match(rows[12]!, /^[ .]{2}SSB{6}[ .]$/, "the point of control is in full colour");
  assert.match(rows[16]!, /^[ .]{2}ss\.{6}[ .]$/);
  assert.deepEqual(rows.slice(21), Array(3).fill(" ".repeat(11)));
});

test("what lies above the picture or below it is left out", () => {
  const [whole, part] = [painted(), painted({ top: 10, height: 4 })];
  assert.deepEqual([...part.pixels], [...whole.pixels.slice(10 * 11, 14 * 11)]);
});

test("on a finer screen rows have more pixels and the same shares", () => {
  const raster = painted({ width: 22, height: 48, across: 2, down: 2 });
  assert.match(row(raster, 24), /^[ .]{3}S{4}B{12}[ .]{3}$/);
  assert.equal(row(raster, 29), row(raster, 24));
  assert.match(row(raster, 30), /^[ .]*$/);
});
