// Paints figures on a canvas whose unit is the CSS pixel. Lines along an axis are put on whole device pixels.

import type { Area, Figure, Label, Shape, Stroke } from "./figure";
import type { Dash } from "./model";
import type { Pixel } from "./view";

const DASH_LENGTHS: Record<Dash, number[]> = { solid: [], dashed: [6, 4], dotted: [1, 3] };
const HANDLE = 4.5;
const FONT_SIZE = 11;
const LINE_HEIGHT = 16;
const PADDING = 8;

/** What a canvas and a theme give to painting. */
export interface Paper {
  readonly context: CanvasRenderingContext2D;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  readonly font: string;
  /** What handles are filled with. */
  readonly background: string;
}

export function paint(paper: Paper, figure: Figure): void {
  figure.areas.forEach((area) => fill(paper, area));
  figure.shapes?.forEach((shape) => fillShape(paper, shape));
  figure.strokes.forEach((stroke) => draw(paper, stroke));
  figure.labels.forEach((label) => (label.box === null ? write(paper, label) : writeBox(paper, label, label.box)));
}

export function paintHandles({ context, background }: Paper, handles: readonly Pixel[], colour: string): void {
  context.setLineDash([]);
  context.lineWidth = 1.5;
  context.strokeStyle = colour;
  context.fillStyle = background;
  for (const { x, y } of handles) {
    context.beginPath();
    context.arc(x, y, HANDLE, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
}

function fill({ context }: Paper, { from, to, colour }: Area): void {
  context.fillStyle = colour;
  context.fillRect(Math.min(from.x, to.x), Math.min(from.y, to.y), Math.abs(to.x - from.x), Math.abs(to.y - from.y));
}

function fillShape({ context }: Paper, { corners, colour }: Shape): void {
  context.fillStyle = colour;
  context.beginPath();
  for (const { x, y } of corners) context.lineTo(x, y);
  context.fill();
}

function draw({ context, ratio }: Paper, { from, to, colour, width, dash }: Stroke): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(DASH_LENGTHS[dash].map((length) => length * Math.max(1, width / 2)));
  const crisp = (value: number) => {
    const half = Math.round(width * ratio) % 2 === 1 ? 0.5 : 0;
    return (Math.round(value * ratio - half) + half) / ratio;
  };
  const [isUpright, isLevel] = [from.x === to.x, from.y === to.y];
  const [x, y] = [(value: number) => (isUpright ? crisp(value) : value), (value: number) => (isLevel ? crisp(value) : value)];
  context.beginPath();
  context.moveTo(x(from.x), y(from.y));
  context.lineTo(x(to.x), y(to.y));
  context.stroke();
}

function write({ context, font }: Paper, { at, lines, colour }: Label): void {
  context.font = `${FONT_SIZE}px ${font}`;
  context.fillStyle = colour;
  context.textAlign = "left";
  context.textBaseline = "middle";
  lines.forEach((line, index) => context.fillText(line, at.x, at.y + index * LINE_HEIGHT));
}

function writeBox(paper: Paper, label: Label, colour: string): void {
  const { context, font } = paper;
  context.font = `${FONT_SIZE}px ${font}`;
  const width = Math.max(...label.lines.map((line) => context.measureText(line).width)) + 2 * PADDING;
  const height = label.lines.length * LINE_HEIGHT + PADDING;
  const [left, top] = [label.at.x - width / 2, label.at.y - height / 2];
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(left, top, width, height, 4);
  context.fill();
  write(paper, { ...label, at: { x: left + PADDING, y: top + (PADDING + LINE_HEIGHT) / 2 } });
}
