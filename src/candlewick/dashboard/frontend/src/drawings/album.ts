// The drawings of one symbol. Each change is a step that can be undone, also after another symbol was shown.

import { Steps } from "../state/steps";
import type { Drawing } from "./model";

type Page = readonly Drawing[];

/** A drawing before and after a change; null where it was not there. */
interface Change {
  readonly id: string;
  readonly before: Drawing | null;
  readonly after: Drawing | null;
}

/** Where the drawings of symbols are kept, by this page and by others. */
export interface Pages {
  load(symbol: string): Page;
  save(symbol: string, page: Page): void;
}

export class Album {
  /** Called after every change of what is shown, undo and redo included. */
  onChange: () => void = () => {};

  private page: Page;
  private symbol = "";

  constructor(
    drawings: Page = [],
    private readonly steps = new Steps(),
    private readonly pages: Pages | null = null,
  ) {
    this.page = drawings;
  }

  /** In the order in which they are drawn. */
  get drawings(): Page {
    return this.page;
  }

  /** Show the drawings of a symbol. */
  open(drawings: Page, symbol = ""): void {
    this.page = drawings;
    this.symbol = symbol;
  }

  find(id: string | null): Drawing | undefined {
    return this.page.find((drawing) => drawing.id === id);
  }

  /** Add a drawing, or replace the one with its id. */
  put(drawing: Drawing): void {
    this.turn([{ id: drawing.id, before: this.find(drawing.id) ?? null, after: drawing }]);
  }

  remove(id: string): void {
    const before = this.find(id);
    if (before) this.turn([{ id, before, after: null }]);
  }

  /** Change all drawings in one step; `change` returns null to delete one. */
  edit(change: (drawing: Drawing) => Drawing | null): void {
    this.turn(this.page.map((before) => ({ id: before.id, before, after: change(before) })));
  }

  undo(): boolean {
    return this.steps.undo();
  }

  redo(): boolean {
    return this.steps.redo();
  }

  private turn(changes: readonly Change[]): void {
    const { symbol } = this;
    const order = this.page.map(({ id }) => id);
    this.apply(symbol, changes.map(({ id, after }) => [id, after]), order);
    this.steps.push({
      undo: () => this.apply(symbol, changes.map(({ id, before }) => [id, before]), order),
      redo: () => this.apply(symbol, changes.map(({ id, after }) => [id, after]), order),
    });
  }

  /** Put drawings in or out of a symbol's page; what others changed there since stays. */
  private apply(symbol: string, changes: readonly (readonly [id: string, drawing: Drawing | null])[], order: readonly string[]): void {
    const isShown = symbol === this.symbol;
    const kept = this.pages?.load(symbol) ?? (isShown ? this.page : []);
    const page = new Map(kept.map((drawing) => [drawing.id, drawing]));
    for (const [id, drawing] of changes) {
      if (drawing) page.set(id, drawing);
      else page.delete(id);
    }
    // What comes back goes where it was.
    const rank = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length);
    const drawings = [...page.values()].sort((a, b) => rank(a.id) - rank(b.id));
    this.pages?.save(symbol, drawings);
    if (!isShown) return;
    this.page = drawings;
    this.onChange();
  }
}
