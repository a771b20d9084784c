// Columns too narrow for numbers: what was sold and bought at each level, as bars. Pure: it writes pixels, since a screen may
// have tens of thousands of rows, and a canvas takes ten times as long to fill them. All lie on whole pixels.

import { edges, type Look, type Painting, tinted } from "./paint";

/** How much of its colour a row shows that is not the point of control. */
const FAINT = 0.6;

/** Pixels, as `ImageData` has them; what is above `top` is not there. Ratios are pixels of the device per px. */
export interface Raster {
  readonly pixels: Uint32Array;
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly across: number;
  readonly down: number;
}

/** Where a folded column begins and ends in height. */
export function foldedReach({ column, place }: Painting): [number, number] {
  return [edges(column, column.levels.length - 1, place)[0] - 1, edges(column, 0, place)[1] + 1];
}

export function paintFolded(raster: Raster, paintings: readonly Painting[], { colours, palette }: Look): void {
  const { background } = palette;
  const [sold, bought] = [pixelOf(colours.bearFill), pixelOf(colours.bullFill)];
  const [faintSold, faintBought] = [tintOn(colours.bearFill, background), tintOn(colours.bullFill, background)];
  const ground = pixelOf(background);
  const { across, down } = raster;
  for (const painting of paintings) {
    const { column, place } = painting;
    const { levels, most, reading } = column;
    const [left, width] = [place.x - place.width / 2 + 1.5, place.width - 3];
    const [above, below] = foldedReach(painting);
    fill(raster, ground, (left - 1) * across, (left + width + 1) * across, above * down, below * down);
    for (let level = 0; level < levels.length; level++) {
      const [top, bottom] = edges(column, level, place);
      const [first, last] = [Math.round(top * down), Math.round(bottom * down)];
      const end = Math.max(first + 1, last - (bottom - top > 3 ? Math.round(down) : 0));
      const middle = left + (width * column.sold[level]!) / most;
      const right = middle + (width * column.bought[level]!) / most;
      const isPoint = level === reading.area?.point;
      fill(raster, isPoint ? sold : faintSold, left * across, middle * across, first, end);
      fill(raster, isPoint ? bought : faintBought, middle * across, right * across, first, end);
    }
  }
}

function fill({ pixels, width, height, top }: Raster, pixel: number, left: number, right: number, first: number, end: number): void {
  const [from, to] = [Math.max(0, Math.round(left)), Math.min(width, Math.round(right))];
  const last = Math.min(height, Math.round(end) - top);
  for (let y = Math.max(0, Math.round(first) - top); y < last; y++) {
    for (let at = y * width + from; at < y * width + to; at++) pixels[at] = pixel;
  }
}

/** A colour such as `#089981` as a pixel that hides what is below it. */
export function pixelOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return ((255 << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
}

const tints = new Map<string, number>();

/** What a faint row looks like on the background; found once. */
function tintOn(colour: string, background: string): number {
  const key = `${colour} ${background}`;
  let found = tints.get(key);
  if (found === undefined) tints.set(key, (found = pixelOf(tinted(colour, background, FAINT))));
  return found;
}
