// Paints what is proven: a ribbon below the bars, a frame around a bar that differs, a shade where trades are missing.

import type { PriceChart } from "../chart/chart";
import { Painted, place, type Size } from "../chart/painted";
import type { Bar } from "../data/bar";
import type { Palette } from "../style/theme";
import type { Hole, Proof, Standing } from "./proof";

const RIBBON = 3;
const HATCH = 7;
/** A hole within one bar is shown at least this wide, in px. */
const NARROWEST = 5;

export interface Scene {
  readonly chart: PriceChart;
  readonly proof: Proof;
  readonly palette: Palette;
  /** Seconds from one bar to the next. */
  readonly seconds: number;
}

/** The ribbon's colours: muted where all agrees, loud where not. */
function ribbonColour(standing: Standing, palette: Palette): string | null {
  if (standing === "match") return "rgba(8, 153, 129, 0.75)";
  if (standing === "mismatch") return "#f23645";
  if (standing === "forming") return null;
  return standing === "incomplete" ? palette.warn : palette.muted;
}

export function makeShade(scene: () => Scene): Painted[] {
  const under = new Painted("bottom", (context, size) => {
    const now = scene();
    now.proof.holes.forEach((hole) => paintHole(context, size, now, hole));
  });
  const over = new Painted("top", (context, size) => paintRibbon(context, size, scene()));
  return [under, over];
}

function paintRibbon(context: CanvasRenderingContext2D, { height }: Size, scene: Scene): void {
  const { chart, proof, palette, seconds } = scene;
  const { from, to } = chart.view.range() ?? { from: 0, to: -1 };
  const last = Math.min(chart.bars.length - 1, Math.ceil(to));
  let [start, colour]: [number, string | null] = [0, null];
  const close = (end: number) => {
    if (colour === null) return;
    context.fillStyle = colour;
    const left = place(chart.view, start - 0.5);
    context.fillRect(left, height - RIBBON, place(chart.view, end - 0.5) - left, RIBBON);
  };
  for (let index = Math.max(0, Math.floor(from)); index <= last; index++) {
    const bar = chart.bars[index]!;
    const standing = proof.standing(bar, seconds);
    const next = ribbonColour(standing, palette);
    if (next !== colour) {
      close(index);
      [start, colour] = [index, next];
    }
    if (standing === "mismatch") frame(context, scene, bar, index);
  }
  close(last + 1);
}

/** Frame a bar that differs from the exchange's own. */
function frame(context: CanvasRenderingContext2D, { chart }: Scene, bar: Bar, index: number): void {
  const top = chart.series.priceToCoordinate(bar.high);
  const bottom = chart.series.priceToCoordinate(bar.low);
  if (top === null || bottom === null) return;
  const left = place(chart.view, index - 0.5);
  context.strokeStyle = "#f23645";
  context.lineWidth = 1.5;
  const [y, tall] = [Math.min(top, bottom) - 5, Math.abs(bottom - top) + 10];
  context.strokeRect(left, y, Math.max(NARROWEST, place(chart.view, index + 0.5) - left), tall);
}

function paintHole(context: CanvasRenderingContext2D, { width, height }: Size, scene: Scene, hole: Hole): void {
  const [from, to] = [xOf(scene, hole.from), xOf(scene, hole.to)];
  if (Number.isNaN(from) || Number.isNaN(to) || to < 0 || from > width) return;
  const middle = (from + to) / 2;
  const half = Math.max(NARROWEST, to - from) / 2;
  const colour = hole.state === "declared" ? scene.palette.muted : scene.palette.warn;
  context.save();
  context.beginPath();
  context.rect(middle - half, 0, 2 * half, height);
  context.clip();
  context.globalAlpha = 0.16;
  context.fillStyle = colour;
  context.fillRect(middle - half, 0, 2 * half, height);
  context.globalAlpha = 0.5;
  hatch(context, middle - half, middle + half, height, colour);
  context.restore();
}

/** Slanted lines, since colour alone would not tell a hole from a session's shade. */
function hatch(context: CanvasRenderingContext2D, left: number, right: number, height: number, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = left - height; x < right; x += HATCH) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
}

/** The place of an instant on screen: within the bar that holds it. */
function xOf({ chart, seconds }: Scene, time: number): number {
  const { table, view } = chart;
  if (table.time.length === 0) return NaN;
  const index = table.indexAt(time + 1e-6) - 1;
  if (index < 0) return place(view, -0.5);
  return place(view, index - 0.5 + Math.min(1, (time - table.time[index]!) / seconds));
}
