// Paints the cells of one bar: numbers where they can be read, bars of volume where they cannot.

import { FONT } from "../chart/chrome";
import type { Bar } from "../data/bar";
import { type CandleColours, legible, type Palette } from "../style/theme";
import type { FlowBar } from "./book";
import { cellText, type Column, NOTHING } from "./columns";
import { decimalsFor, signedText, toneOf, WORDS } from "./words";

export type Mode = "bidask" | "delta" | "volume";

/** Narrower columns have no numbers, in px; narrower ones still are left to the candles. */
export const LEGIBLE = { bidask: 84, delta: 58, volume: 58 };
export const FOLDED = 12;
/** Rows are at least so high where they have numbers. */
export const ROW = 10;
const CANDLE = 7;

export interface Look {
  readonly palette: Palette;
  readonly colours: CandleColours;
  readonly mode: Mode;
}

/** Where a bar is: its middle and its width in px, and the height of any price. */
export interface Place {
  readonly x: number;
  readonly width: number;
  y(price: number): number;
}

type Context = CanvasRenderingContext2D;

/** A bar to paint: what it is made of, and where it is. */
export interface Painting {
  readonly bar: Bar;
  readonly flow: FlowBar;
  readonly column: Column;
  readonly place: Place;
}

/** Paint bars that are all as wide: their numbers where these can be read, bars of volume where not. */
export function paintColumns(context: Context, paintings: readonly Painting[], look: Look): void {
  const width = paintings[0]?.place.width ?? 0;
  if (width < LEGIBLE[look.mode]) paintFolded(context, paintings, look);
  else for (const painting of paintings) paintColumn(context, painting, look);
}

function paintColumn(context: Context, { bar, flow, column, place }: Painting, look: Look): void {
  const left = place.x - place.width / 2 + 2;
  const box = { left: left + CANDLE + 2, right: place.x + place.width / 2 - 3 };
  paintGround(context, bar, column, place, look);
  paintCandle(context, bar, left + CANDLE / 2, place, look);
  context.textBaseline = "middle";
  context.textAlign = "right";
  const [top, bottom] = edges(column, 0, place);
  context.font = fontFor(bottom - top - 1);
  column.levels.forEach((_, at) => paintCell(context, column, at, box, place, look));
  paintMarks(context, column, box, place, look);
  paintFoot(context, flow, column, box, place, look);
}

interface Box {
  readonly left: number;
  readonly right: number;
}

/** Cover the candle, which the cells stand for. */
function paintGround(context: Context, bar: Bar, column: Column, place: Place, { palette }: Look): void {
  const [top, bottom] = [Math.min(place.y(bar.high), edges(column, column.levels.length - 1, place)[0]), place.y(bar.low)];
  context.fillStyle = palette.background;
  context.fillRect(place.x - place.width / 2, top - 3, place.width, Math.max(bottom, edges(column, 0, place)[1]) - top + 6);
}

function paintCandle(context: Context, bar: Bar, x: number, place: Place, { colours }: Look): void {
  const rises = bar.close >= bar.open;
  const [top, bottom] = [place.y(Math.max(bar.open, bar.close)), place.y(Math.min(bar.open, bar.close))];
  context.fillStyle = rises ? colours.bullEdge : colours.bearEdge;
  context.fillRect(x - 0.5, place.y(bar.high), 1, place.y(bar.low) - place.y(bar.high));
  context.fillStyle = rises ? colours.bullFill : colours.bearFill;
  context.fillRect(x - CANDLE / 2, top, CANDLE, Math.max(1, bottom - top));
}

/** The top and the bottom of a level, in px. */
function edges(column: Column, at: number, place: Place): [number, number] {
  const price = column.prices[at] ?? 0;
  const [one, other] = [place.y(price + column.step), place.y(price)];
  return [Math.min(one, other), Math.max(one, other)];
}

/** Rows are about as high as each other, and to set a font costs as much as to write with it. */
function fontFor(height: number): string {
  return `${height >= 14 ? 11 : height >= 11 ? 10 : 9}px ${FONT}`;
}

function paintCell(context: Context, column: Column, at: number, box: Box, place: Place, look: Look): void {
  const [top, bottom] = edges(column, at, place);
  const [bought, sold, height] = [column.bought[at]!, column.sold[at]!, Math.max(1, bottom - top - 1)];
  const { colours, mode, palette } = look;
  const middle = (box.left + box.right) / 2;
  const y = top + height / 2 + 0.5;
  if (mode === "bidask") {
    fill(context, colours.bearFill, sold / column.mostOfSide, box.left, top, middle - box.left - 0.5, height);
    fill(context, colours.bullFill, bought / column.mostOfSide, middle + 0.5, top, box.right - middle - 0.5, height);
    const imbalance = column.reading.imbalances[at];
    const loud = (colour: string, share: number) => loudOn(colour, palette.background, opacityOf(share));
    write(context, column.soldText[at]!, middle - 5, y, imbalance === "sell" ? loud(colours.bearFill, sold / column.mostOfSide) : null, palette);
    write(context, column.boughtText[at]!, box.right - 5, y, imbalance === "buy" ? loud(colours.bullFill, bought / column.mostOfSide) : null, palette);
    return;
  }
  const value = mode === "delta" ? bought - sold : bought + sold;
  const colour = bought >= sold ? colours.bullFill : colours.bearFill;
  const share = mode === "delta" ? Math.abs(value) / column.most : value / column.most;
  tint(context, mode === "delta" ? colour : palette.fill, 0.28, box.left, top, Math.max(1, (box.right - box.left) * share), height);
  const sign = mode === "delta" && value < 0 ? "−" : mode === "delta" && value > 0 ? "+" : "";
  context.fillStyle = palette.text;
  context.fillText(sign + cellText(Math.abs(value), decimalsFor(column.most)), box.right - 5, y);
}

function fill(context: Context, colour: string, share: number, x: number, y: number, width: number, height: number): void {
  tint(context, colour, opacityOf(share), x, y, width, height);
}

/** Fill with a colour that lets through; that is quicker than to write the colour with its opacity each time. */
function tint(context: Context, colour: string, opacity: number, x: number, y: number, width: number, height: number): void {
  context.globalAlpha = opacity;
  context.fillStyle = colour;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
}

/** Tints are few, so that colours to be read on them are found once. */
function opacityOf(share: number): number {
  return 0.04 + 0.04 * Math.round(6 * share);
}

const loudest = new Map<string, string>();
const legibles = new Map<string, string>();

/** A colour that can be read on the background; found once. */
function legibleOn(colour: string, background: string): string {
  const key = `${colour} ${background}`;
  let found = legibles.get(key);
  if (!found) legibles.set(key, (found = legible(colour, background)));
  return found;
}

/** A colour that can be read on its own tint. */
function loudOn(colour: string, background: string, opacity: number): string {
  const key = `${colour} ${background} ${opacity}`;
  let found = loudest.get(key);
  if (!found) loudest.set(key, (found = legible(colour, tinted(colour, background, opacity))));
  return found;
}

function tinted(colour: string, background: string, opacity: number): string {
  const channel = (hex: string, at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  const mixed = [1, 3, 5].map((at) => Math.round(channel(colour, at) * opacity + channel(background, at) * (1 - opacity)));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Write an amount: loud where it outweighs the other side. */
function write(context: Context, text: string, x: number, y: number, loud: string | null, palette: Palette): void {
  context.fillStyle = text === NOTHING ? palette.muted : (loud ?? palette.text);
  context.fillText(text, x, y);
}

/** The point of control, stacked imbalances, and ends at which the auction is unfinished. */
function paintMarks(context: Context, column: Column, box: Box, place: Place, { colours, mode, palette }: Look): void {
  const { area, imbalances, stacked, unfinishedHigh, unfinishedLow } = column.reading;
  if (area) {
    const [top, bottom] = edges(column, area.point, place);
    context.strokeStyle = palette.warn;
    context.lineWidth = 1;
    context.strokeRect(box.left - 0.5, top - 0.5, box.right - box.left + 1, Math.max(2, bottom - top));
  }
  if (mode !== "bidask") return;
  stacked.forEach((isStacked, at) => {
    if (!isStacked) return;
    const [top, bottom] = edges(column, at, place);
    const isBuy = imbalances[at] === "buy";
    context.fillStyle = isBuy ? colours.bullFill : colours.bearFill;
    context.fillRect(isBuy ? box.right : box.left - 2.5, top, 2.5, bottom - top);
  });
  context.strokeStyle = palette.muted;
  context.setLineDash([2, 2]);
  const dash = (y: number) => line(context, box.left, box.right, y);
  if (unfinishedHigh) dash(edges(column, column.levels.length - 1, place)[0] - 2.5);
  if (unfinishedLow) dash(edges(column, 0, place)[1] + 1.5);
  context.setLineDash([]);
}

function line(context: Context, left: number, right: number, y: number): void {
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(right, y);
  context.stroke();
}

/** Below the cells: the bar's delta, and how it stands. */
function paintFoot(context: Context, flow: FlowBar, column: Column, box: Box, place: Place, { colours, palette }: Look): void {
  const y = edges(column, 0, place)[1] + 13;
  const { delta } = flow.cells;
  context.font = `600 11px ${FONT}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = legibleOn(delta < 0n ? colours.bearFill : colours.bullFill, palette.background);
  context.fillText(`Δ ${signedText(delta, decimalsFor(column.most))}`, box.left, y);
  context.textAlign = "right";
  context.fillStyle = toneOf(flow.standing, palette);
  context.fillText(WORDS[flow.standing].mark, box.right, y);
  context.fillRect(box.left, y + 8, box.right - box.left, flow.standing === "proved" ? 1 : 2);
}

/** How much of its colour a folded row shows that is not the point of control. */
const FAINT = 0.6;
/** Numbers of a folded row: its left, middle and right edge, its top and height in px, and whether it is the point of control. */
const PARTS = 6;
/** Rows of one paint after the other, so that a frame makes none. */
let rows = new Float64Array(PARTS * 4_096);

/**
 * Too narrow for numbers: what was sold and bought at each level, as bars; one colour after the other. A frame may have tens of
 * thousands: they lie on whole pixels and let nothing through, which takes a fraction of what it takes to blend them.
 */
function paintFolded(context: Context, paintings: readonly Painting[], { colours, palette }: Look): void {
  const ratio = context.getTransform().a;
  context.fillStyle = palette.background;
  for (const { column, place } of paintings) {
    const [top, bottom] = [edges(column, column.levels.length - 1, place)[0], edges(column, 0, place)[1]];
    context.fillRect(place.x - place.width / 2 + 0.5, top - 1, place.width - 1, bottom - top + 2);
  }
  const count = measure(paintings, ratio);
  const fill = (colour: string, from: number, isPoint: number) => {
    context.fillStyle = isPoint ? colour : tintOn(colour, palette.background);
    for (let at = 0; at < count; at += PARTS) {
      const [left, width] = [rows[at + from]!, rows[at + from + 1]! - rows[at + from]!];
      if (width > 0 && rows[at + 5] === isPoint) context.fillRect(left, rows[at + 3]!, width, rows[at + 4]!);
    }
  };
  for (const isPoint of [0, 1]) {
    fill(colours.bearFill, 0, isPoint);
    fill(colours.bullFill, 1, isPoint);
  }
}

/** Note where the rows lie; returns how many numbers that are. */
function measure(paintings: readonly Painting[], ratio: number): number {
  const snap = (value: number) => Math.round(value * ratio) / ratio;
  let at = 0;
  for (const { column, place } of paintings) {
    const { levels, most, prices, reading, step } = column;
    const [left, width, point] = [place.x - place.width / 2 + 1.5, place.width - 3, reading.area?.point];
    if (at + PARTS * levels.length > rows.length) rows = grown(rows, at + PARTS * levels.length);
    for (let level = 0; level < levels.length; level++, at += PARTS) {
      const [one, other] = [place.y(prices[level]! + step), place.y(prices[level]!)];
      const [top, bottom] = [snap(Math.min(one, other)), snap(Math.max(one, other))];
      const middle = left + (width * column.sold[level]!) / most;
      rows[at] = snap(left);
      rows[at + 1] = snap(middle);
      rows[at + 2] = snap(middle + (width * column.bought[level]!) / most);
      rows[at + 3] = top;
      rows[at + 4] = Math.max(1, bottom - top - (bottom - top > 3 ? 1 : 0));
      rows[at + 5] = level === point ? 1 : 0;
    }
  }
  return at;
}

function grown(old: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * needed);
  larger.set(old);
  return larger;
}

const tints = new Map<string, string>();

/** What a faint row's colour looks like on the background; found once. */
function tintOn(colour: string, background: string): string {
  const key = `${colour} ${background}`;
  let found = tints.get(key);
  if (!found) tints.set(key, (found = tinted(colour, background, FAINT)));
  return found;
}
