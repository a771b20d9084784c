// The hand that draws: what presses, moves and keys mean. It has no events and no chart, only pixels and a view.

import type { Album } from "./album";
import { positionAnchors } from "./boxes";
import { hit, type Hit, type Part } from "./hit";
import { type Anchor, type Drawing, drawingAt, type Kind, KINDS, withAnchor } from "./model";
import { positionAt, positionOf, timeAt } from "./timeline";
import { anchorAt, distance, type Pixel, type View } from "./view";

/** Gives the place that a pointer means. */
export type Place = (view: View, at: Pixel) => Anchor;

/** How strongly a bar's prices attract: not at all, when near, or from anywhere. */
export type Magnet = "off" | "weak" | "strong";

const REACH: Record<Magnet, number> = { off: 0, weak: 24, strong: Infinity };

/** The place under a pointer, drawn to the nearest of the four prices of the bar there. */
export function magnetic(magnet: Magnet): Place {
  return (view, at) => {
    const anchor = anchorAt(view, at);
    const index = Math.round(positionAt(view.axis, at.x));
    if (magnet === "off" || index < 0 || index >= view.bars.time.length) return anchor;
    const { open, high, low, close } = view.bars;
    const prices = [open, high, low, close].map((column) => column[index]!);
    const far = (price: number) => Math.abs(view.y(price) - at.y);
    const price = prices.reduce((best, other) => (far(other) < far(best) ? other : best));
    return far(price) <= REACH[magnet] ? { time: anchor.time, price } : anchor;
  };
}

/** A drawing after a part of it was dragged. As a whole it moves by whole bars and keeps its shape. */
export function moved(drawing: Drawing, part: Part, from: Pixel, to: Pixel, view: View, place: Place): Drawing {
  if (part.kind === "handle") return withAnchor(drawing, part.index, place(view, to));
  const bars = Math.round(positionAt(view.axis, to.x) - positionAt(view.axis, from.x));
  const anchors = drawing.anchors.map((anchor) => ({
    time: bars === 0 ? anchor.time : timeAt(view.axis, positionOf(view.axis, anchor.time) + bars),
    price: to.y === from.y ? anchor.price : view.price(view.y(anchor.price) + to.y - from.y),
  }));
  return { ...drawing, anchors };
}

/** A pointer, and the keys held with it. */
export interface Pointer {
  readonly at: Pixel;
  /** Held without a tool chosen, it measures until the next press. */
  readonly shift: boolean;
  /** Turns the magnet on while it is off, and off while it is on. */
  readonly control: boolean;
  /** A finger is broader than a cursor. */
  readonly isTouch: boolean;
}

/** A press that moves no further than this is a click, in px. */
const DRAG = 4;
const CURSOR_REACH = 6;
const FINGER_REACH = 16;

type State =
  | { readonly kind: "rest" }
  /** The anchors from `next` on go with the pointer. */
  | {
      readonly kind: "placing";
      readonly drawing: Drawing;
      readonly next: number;
      readonly from: Pixel | null;
      readonly isPassing: boolean;
    }
  | { readonly kind: "moving"; readonly hit: Hit; readonly from: Pixel; readonly drawing: Drawing };

const REST: State = { kind: "rest" };

export class Hand {
  /** The tool in hand: the next press begins such a drawing. */
  tool: Kind | null = null;
  magnet: Magnet = "off";
  hovered: string | null = null;

  private chosen: string | null = null;
  private state: State = REST;
  /** A measure that is not kept in the album. */
  private passing: Drawing | null = null;
  private readonly album: Album;
  private readonly newId: () => string;

  constructor(album: Album, newId: () => string) {
    this.album = album;
    this.newId = newId;
  }

  /** The drawing whose handles are shown and that keys act on. */
  get selected(): Drawing | undefined {
    return this.album.find(this.chosen);
  }

  set selected(drawing: Drawing | undefined) {
    this.chosen = drawing?.id ?? null;
  }

  /** Whether a drawing is being made or moved. */
  get isBusy(): boolean {
    return this.state.kind !== "rest";
  }

  /** The drawings as they look now, with the one being made or moved where the pointer holds it. */
  get shown(): readonly Drawing[] {
    const kept = this.album.drawings.filter(({ hidden }) => !hidden);
    if (this.state.kind === "moving") {
      const { drawing } = this.state;
      return kept.map((other) => (other.id === drawing.id ? drawing : other));
    }
    const extra = this.state.kind === "placing" ? this.state.drawing : this.passing;
    return extra ? [...kept, extra] : kept;
  }

  /** The CSS cursor, where it is not the chart's own. */
  get cursor(): string | undefined {
    if (this.state.kind === "moving") return "grabbing";
    if (this.tool || this.state.kind === "placing") return "crosshair";
    return this.hovered ? "pointer" : undefined;
  }

  /** Take a press; returns whether it was used, so that the chart must not pan. */
  down(view: View, pointer: Pointer): boolean {
    if (this.state.kind === "placing") {
      this.state = { ...this.state, drawing: this.following(view, pointer), from: pointer.at };
      this.goOn();
      return true;
    }
    this.passing = null;
    const kind = this.tool ?? (pointer.shift ? "measure" : null);
    if (kind) this.begin(kind, view, pointer);
    else this.grab(view, pointer);
    return this.state.kind !== "rest" || kind !== null;
  }

  move(view: View, pointer: Pointer): void {
    if (this.state.kind === "placing") {
      this.state = { ...this.state, drawing: this.following(view, pointer) };
    } else if (this.state.kind === "moving") {
      const { hit, from, drawing } = this.state;
      if (drawing === hit.drawing && distance(from, pointer.at) <= DRAG) return;
      this.state = { ...this.state, drawing: moved(hit.drawing, hit.part, from, pointer.at, view, this.place(pointer)) };
    } else {
      this.hovered = this.under(view, pointer)?.drawing.id ?? null;
    }
  }

  up(view: View, pointer: Pointer): void {
    if (this.state.kind === "placing") {
      const { from } = this.state;
      if (from && distance(from, pointer.at) > DRAG) this.goOn();
      else this.state = { ...this.state, from: null };
    } else if (this.state.kind === "moving") {
      this.move(view, pointer);
      const { drawing, hit } = this.state;
      this.state = REST;
      if (drawing !== hit.drawing) this.album.put(drawing);
    }
  }

  /** Drop the unfinished drawing, the tool and the selection; returns whether there was any of them. */
  cancel(): boolean {
    const had = this.isBusy || this.tool !== null || this.passing !== null || this.selected !== undefined;
    this.state = REST;
    this.tool = null;
    this.passing = null;
    this.chosen = null;
    return had;
  }

  /** Take a key; returns whether it was used. */
  key(key: string): boolean {
    if (key === "Escape") return this.cancel();
    return (key === "Delete" || key === "Backspace") && this.erase();
  }

  private begin(kind: Kind, view: View, pointer: Pointer): void {
    const anchor = this.place(pointer)(view, pointer.at);
    const plain = drawingAt(this.newId(), kind, anchor);
    const isPosition = kind === "long" || kind === "short";
    const drawing = isPosition ? { ...plain, anchors: positionAnchors(kind, anchor, view) } : plain;
    this.state = { kind: "placing", drawing, next: 0, from: pointer.at, isPassing: this.tool === null };
    this.goOn();
  }

  private grab(view: View, pointer: Pointer): void {
    const found = this.under(view, pointer);
    this.chosen = found?.drawing.id ?? null;
    if (found && !found.drawing.locked) {
      this.state = { kind: "moving", hit: found, from: pointer.at, drawing: found.drawing };
    }
  }

  /** An anchor is placed: go on with the next, or be done. */
  private goOn(): void {
    if (this.state.kind !== "placing") return;
    const next = this.state.next + 1;
    if (next < KINDS[this.state.drawing.kind].presses) this.state = { ...this.state, next };
    else this.finish();
  }

  private finish(): void {
    if (this.state.kind !== "placing") return;
    const { drawing, isPassing } = this.state;
    this.state = REST;
    this.tool = null;
    if (isPassing) {
      this.passing = drawing;
    } else {
      this.chosen = drawing.id;
      this.album.put(drawing);
    }
  }

  private erase(): boolean {
    const { selected } = this;
    if (!selected || selected.locked) return false;
    this.state = REST;
    this.album.remove(selected.id);
    return true;
  }

  /** The drawing being placed, its open anchors under the pointer. */
  private following(view: View, pointer: Pointer): Drawing {
    if (this.state.kind !== "placing") throw new Error("expected a drawing being placed");
    const { drawing, next } = this.state;
    const anchor = this.place(pointer)(view, pointer.at);
    return { ...drawing, anchors: drawing.anchors.map((known, index) => (index < next ? known : anchor)) };
  }

  private place({ control }: Pointer): Place {
    const inverted: Magnet = this.magnet === "off" ? "strong" : "off";
    return magnetic(control ? inverted : this.magnet);
  }

  private under(view: View, { at, isTouch }: Pointer): Hit | null {
    const visible = this.album.drawings.filter(({ hidden }) => !hidden);
    return hit(visible, view, at, isTouch ? FINGER_REACH : CURSOR_REACH);
  }
}
