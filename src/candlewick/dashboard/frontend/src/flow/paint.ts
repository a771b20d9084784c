// Paints the cells of one bar as numbers. Where these could not be read, `folded.ts` paints bars of volume.

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
/** What is written below the cells is so high. */
export const FOOT = 24;

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

type Context = OffscreenCanvasRenderingContext2D;

/** A bar to paint: what it is made of, and where it is. */
export interface Painting {
  readonly bar: Bar;
  readonly flow: FlowBar;
  readonly column: Column;
  readonly place: Place;
}

/** Where a column begins and ends in height, with all that is written below it. */
export function reach({ bar, column, place }: Painting): [number, number] {
  const [top, bottom] = [edges(column, column.levels.length - 1, place)[0], edges(column, 0, place)[1]];
  return [Math.min(place.y(bar.high), top) - 4, Math.max(place.y(bar.low), bottom + FOOT) + 4];
}

export function paintColumn(context: Context, { bar, flow, column, place }: Painting, look: Look): void {
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
export function edges(column: Column, at: number, place: Place): [number, number] {
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

export function tinted(colour: string, background: string, opacity: number): string {
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
