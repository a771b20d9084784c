// The drawings of one symbol, with undo.

import type { Drawing } from "./model";

type Page = readonly Drawing[];

/** Steps that can be undone. */
const DEPTH = 100;

export class Album {
  /** Called after every change, undo and redo included. */
  onChange: (drawings: Page) => void = () => {};

  private page: Page;
  private readonly past: Page[] = [];
  private future: Page[] = [];

  constructor(drawings: Page = []) {
    this.page = drawings;
  }

  /** In the order in which they are drawn. */
  get drawings(): Page {
    return this.page;
  }

  /** Show other drawings. What was done before can no longer be undone. */
  open(drawings: Page): void {
    this.page = drawings;
    this.past.length = 0;
    this.future = [];
  }

  find(id: string | null): Drawing | undefined {
    return this.page.find((drawing) => drawing.id === id);
  }

  /** Add a drawing, or replace the one with its id. */
  put(drawing: Drawing): void {
    const index = this.page.findIndex(({ id }) => id === drawing.id);
    this.turn(index < 0 ? [...this.page, drawing] : this.page.with(index, drawing));
  }

  remove(id: string): void {
    if (this.find(id)) this.turn(this.page.filter((drawing) => drawing.id !== id));
  }

  /** Change all drawings in one step; `change` returns null to delete one. */
  edit(change: (drawing: Drawing) => Drawing | null): void {
    this.turn(this.page.map(change).filter((drawing) => drawing !== null));
  }

  undo(): boolean {
    return this.go(this.past, this.future);
  }

  redo(): boolean {
    return this.go(this.future, this.past);
  }

  private turn(page: Page): void {
    this.past.push(this.page);
    if (this.past.length > DEPTH) this.past.shift();
    this.future = [];
    this.show(page);
  }

  private go(from: Page[], to: Page[]): boolean {
    const page = from.pop();
    if (!page) return false;
    to.push(this.page);
    this.show(page);
    return true;
  }

  private show(page: Page): void {
    this.page = page;
    this.onChange(page);
  }
}
