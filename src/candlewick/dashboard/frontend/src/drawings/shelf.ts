// Drawings kept in the browser, per symbol. What is read back is checked, since anything may have been written there.

import {
  type Anchor,
  type Dash,
  DASHES,
  type Drawing,
  type Extend,
  EXTENDS,
  type Kind,
  KINDS,
  type Style,
} from "./model";

/** The part of `localStorage` that is needed here. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Raise it when older versions could not read the drawings any more. Each version has its own keys in the storage. */
const VERSION = 1;
export const LONGEST_TEXT = 200;
const MOST_LEVELS = 20;

export class Shelf {
  private readonly store: Store;
  /** What the store had no room for; gone with the page. */
  private readonly left = new Map<string, string>();

  constructor(store: Store) {
    this.store = store;
  }

  load(symbol: string): Drawing[] {
    return decode(this.left.get(symbol) ?? this.store.getItem(keyOf(symbol)) ?? "");
  }

  /** Keep a symbol's drawings. Throws the store's `QuotaExceededError` if it is full: then they last as long as the page. */
  save(symbol: string, drawings: readonly Drawing[]): void {
    const text = encode(drawings);
    this.left.set(symbol, text);
    if (drawings.length === 0) this.store.removeItem(keyOf(symbol));
    else this.store.setItem(keyOf(symbol), text);
    this.left.delete(symbol);
  }
}

export function encode(drawings: readonly Drawing[]): string {
  return JSON.stringify({ version: VERSION, drawings });
}

/** The drawings in a text; those that make no sense are left out. */
export function decode(text: string): Drawing[] {
  const kept = parsed(text);
  if (!isRecord(kept) || kept["version"] !== VERSION || !Array.isArray(kept["drawings"])) return [];
  const seen = new Set<string>();
  return kept["drawings"].flatMap((value) => {
    const drawing = drawingOf(value);
    if (!drawing || seen.has(drawing.id)) return [];
    seen.add(drawing.id);
    return [drawing];
  });
}

function keyOf(symbol: string): string {
  return `candlewick.drawings.v${VERSION}.${symbol}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function drawingOf(value: unknown): Drawing | null {
  if (!isRecord(value) || typeof value["id"] !== "string" || !isKind(value["kind"])) return null;
  const { id, kind, anchors } = value;
  if (!Array.isArray(anchors) || anchors.length !== KINDS[kind].anchors || !anchors.every(isAnchor)) return null;
  const style = styleOf(value["style"], KINDS[kind].style);
  return {
    id,
    kind,
    anchors: anchors.map(({ time, price }) => ({ time, price })),
    style,
    text: typeof value["text"] === "string" ? value["text"].slice(0, LONGEST_TEXT) : "",
    levels: levelsOf(value["levels"]),
    hidden: value["hidden"] === true,
    locked: value["locked"] === true,
  };
}

/** Ascending shares of a move; null where there are none, or what is there makes no sense. */
export function levelsOf(value: unknown): number[] | null {
  if (!Array.isArray(value) || value.length === 0 || value.length > MOST_LEVELS) return null;
  return value.every((share) => Number.isFinite(share) && Math.abs(share) <= 100) ? [...value].sort((a, b) => a - b) : null;
}

function styleOf(value: unknown, fallback: Style): Style {
  if (!isRecord(value)) return fallback;
  const { colour, width, dash, extend } = value;
  return {
    colour: typeof colour === "string" && /^#[0-9a-f]{6}$/i.test(colour) ? colour : fallback.colour,
    width: typeof width === "number" && width >= 1 && width <= 4 ? width : fallback.width,
    dash: DASHES.includes(dash as Dash) ? (dash as Dash) : fallback.dash,
    extend: EXTENDS.includes(extend as Extend) ? (extend as Extend) : fallback.extend,
  };
}

function isKind(value: unknown): value is Kind {
  return typeof value === "string" && Object.hasOwn(KINDS, value);
}

function isAnchor(value: unknown): value is Anchor {
  return isRecord(value) && Number.isFinite(value["time"]) && Number.isFinite(value["price"]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
