// Columns are painted once, some beside each other as one picture, and copied from there while the view moves through time: a
// copy takes a fraction of what it takes to paint thousands of cells again. A picture is made anew where a bar of it changed,
// all of them where prices lie elsewhere or bars are wider.

import type { Bar } from "../data/bar";
import type { FlowBar } from "./book";
import { columnOf } from "./columns";
import { foldedReach, paintFolded } from "./folded";
import { LEGIBLE, type Look, paintColumn, type Painting, reach } from "./paint";

/** A picture is about so wide, in px. */
const WIDTH = 200;

/** What all columns of a frame have in common. `across` and `down` are pixels of the device per px. */
export interface Scene {
  readonly look: Look;
  /** A bar's width, and the pane's height in pixels of the device. */
  readonly spacing: number;
  readonly height: number;
  readonly across: number;
  readonly down: number;
  readonly step: bigint;
  y(price: number): number;
}

/** The bars of a chart, by index. */
export interface Row {
  readonly count: number;
  bar(index: number): Bar;
  /** The place of a bar on the time axis, a whole number: another series may have bars where this one has none. */
  place(index: number): number;
  flow(bar: Bar): FlowBar | undefined;
  /** Where place 0 has its middle, in px. */
  readonly start: number;
}

interface Tile {
  readonly of: readonly unknown[];
  readonly picture: ImageBitmap | null;
  readonly top: number;
}

export class Tiles {
  private readonly canvas = new OffscreenCanvas(1, 1);
  private readonly context = this.canvas.getContext("2d")!;
  private tiles = new Map<number, Tile>();
  private scene: readonly unknown[] = [];
  private reference = 0;

  /** Paint the bars from one index up to another, the last one left out; the context counts in pixels of the device. */
  paint(context: CanvasRenderingContext2D, row: Row, from: number, to: number, scene: Scene): void {
    if (from >= to) return;
    this.look(row, from, scene);
    const places = Math.max(1, Math.floor(WIDTH / scene.spacing));
    const before = this.tiles;
    this.tiles = new Map();
    for (let first = from; first < to; ) {
      const number = Math.floor(row.place(first) / places);
      let end = first;
      while (first > 0 && row.place(first - 1) >= number * places) first--;
      while (end < row.count && row.place(end) < (number + 1) * places) end++;
      const tile = this.tile(row, first, end, number * places, places, scene, before.get(number));
      before.delete(number);
      this.tiles.set(number, tile);
      const left = Math.round((row.start + (number * places - 0.5) * scene.spacing) * scene.across);
      if (tile.picture) context.drawImage(tile.picture, left, tile.top);
      first = end;
    }
    before.forEach(({ picture }) => picture?.close());
  }

  dispose(): void {
    this.tiles.forEach(({ picture }) => picture?.close());
    this.tiles.clear();
  }

  /** Let go of all where they would look otherwise. Where three prices lie tells where any other does, on every scale. */
  private look(row: Row, from: number, { look, spacing, height, across, down, step, y }: Scene): void {
    this.reference ||= row.bar(from).close;
    const places = [1, 1.01, 1.02].map((factor) => y(this.reference * factor));
    const scene = [look.mode, look.palette, ...Object.values(look.colours), spacing, height, across, down, step, ...places];
    if (!areSame(scene, this.scene)) this.dispose();
    this.scene = scene;
  }

  /** The picture of so many places of the axis: that of bars from `first` to `end`, the last one left out. */
  private tile(row: Row, first: number, end: number, place: number, places: number, scene: Scene, known: Tile | undefined): Tile {
    const { spacing, step, y } = scene;
    const of: unknown[] = [];
    const paintings: Painting[] = [];
    for (let index = first; index < end; index++) {
      const bar = row.bar(index);
      const flow = row.flow(bar);
      if (!flow || flow.cells.levels.size === 0) continue;
      const x = (row.place(index) - place + 0.5) * spacing;
      of.push(x, flow, flow.cells.version, bar.open, bar.high, bar.low, bar.close);
      paintings.push({ bar, flow, column: columnOf(flow, step), place: { x, width: spacing, y } });
    }
    if (known && areSame(of, known.of)) return known;
    known?.picture?.close();
    return { of, ...this.picture(paintings, Math.ceil(places * spacing * scene.across), scene) };
  }

  private picture(paintings: readonly Painting[], width: number, scene: Scene): Omit<Tile, "of"> {
    const { across, down, look, spacing } = scene;
    const isFolded = spacing < LEGIBLE[look.mode];
    const reaches = paintings.map(isFolded ? foldedReach : reach);
    const top = Math.max(0, Math.floor(Math.min(...reaches.map(([start]) => start)) * down));
    const height = Math.min(scene.height, Math.ceil(Math.max(...reaches.map(([, end]) => end)) * down)) - top;
    if (!(height > 0)) return { picture: null, top: 0 };
    const { canvas, context } = this;
    Object.assign(canvas, { width, height });
    if (isFolded) {
      const image = context.createImageData(width, height);
      paintFolded({ pixels: new Uint32Array(image.data.buffer), width, height, top, across, down }, paintings, look);
      context.putImageData(image, 0, 0);
    } else {
      context.setTransform(across, 0, 0, down, 0, -top);
      for (const painting of paintings) paintColumn(context, painting, look);
    }
    return { picture: canvas.transferToImageBitmap(), top };
  }
}

function areSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((value, at) => value === other[at]);
}
