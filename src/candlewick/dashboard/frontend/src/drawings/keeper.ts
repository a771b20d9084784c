// Keeps drawings in this browser, and in the server where people log in: what each page changed there, drawing by drawing.
//
// Beside a symbol's drawings lie those that the server had when it was asked last. What differs between the two was done
// here and is not there yet, also by a page that was closed or had no connection: so nothing is lost, and nothing that
// somebody else drew is taken away. Of a change whose answer did not come nobody knows whether it is there: it is told again.

import { Signal } from "../signal";
import { difference, isNone, merged, naming, NONE } from "./merge";
import type { Drawing } from "./model";
import type { Ask } from "./server";
import { decode, encode, Shelf, type Store } from "./shelf";

/** What the server had of a symbol, and whose that was. */
interface Known {
  readonly owner: string;
  readonly page: readonly Drawing[];
  /** The ids of what was told, and not answered. */
  readonly unsure: readonly string[];
}

/** Runs what must not run in two tabs at a time. */
export type Alone = (name: string, run: () => Promise<void>) => Promise<void>;

export class Keeper {
  readonly shelf: Shelf;
  /** A symbol's drawings in this browser are others now: those of the server came. */
  readonly came = new Signal<string>();
  /** The server says why it does not keep them. */
  readonly refused = new Signal<string>();

  /** Undefined until the server was asked; null where it keeps none. */
  private owner: string | null | undefined;
  private readonly watched = new Set<string>();
  private readonly busy = new Set<string>();
  private readonly again = new Set<string>();

  constructor(
    private readonly store: Store,
    private readonly ask: Ask,
    private readonly alone: Alone = (_, run) => run(),
  ) {
    this.shelf = new Shelf(store);
  }

  /** Fetch a symbol's drawings, and keep them the same as the server's from now on. */
  watch(symbol: string): void {
    this.watched.add(symbol);
    void this.sync(symbol);
  }

  /** Somebody's drawings were changed in the server. */
  hear([owner, symbol]: readonly [owner: string, symbol: string]): void {
    if (owner === this.owner && this.watched.has(symbol)) void this.sync(symbol);
  }

  /** The server answers again. */
  syncAll(): void {
    this.watched.forEach((symbol) => void this.sync(symbol));
  }

  /** Tell the server what was changed here, and take what was changed there. */
  async sync(symbol: string): Promise<void> {
    if (this.owner === null) return;
    this.again.add(symbol);
    if (this.busy.has(symbol)) return;
    this.busy.add(symbol);
    try {
      while (this.owner !== null && this.again.delete(symbol)) await this.alone(keyOf(symbol), () => this.exchange(symbol));
    } finally {
      this.busy.delete(symbol);
    }
  }

  private async exchange(symbol: string): Promise<void> {
    const { owner, shelf } = this;
    const known = this.known(symbol);
    const before = shelf.load(symbol);
    // Nobody's drawings become those of whoever logs in first; another's do not.
    const isMine = typeof owner === "string" && (known === null || known.owner === owner);
    const page = known?.page ?? [];
    const change = isMine ? naming(known?.unsure ?? [], difference(page, before), before) : NONE;
    const named = [...change.put.map(({ id }) => id), ...change.remove];
    if (isMine && named.length > 0) this.note(symbol, { owner, page, unsure: named });
    const told = await this.ask(symbol, change);
    if (typeof told === "string") this.refused.emit(told);
    if (told === null || typeof told === "string") return;
    this.owner = told.owner;
    if (told.owner === null) return;
    if (told.owner !== owner) return void this.again.add(symbol);
    const now = shelf.load(symbol);
    const since = difference(before, now);
    const next = merged(told.page, since, now);
    const isNew = encode(next) !== encode(now);
    if (isNew) shelf.save(symbol, next);
    this.note(symbol, { owner, page: told.page, unsure: [] });
    if (isNew) this.came.emit(symbol);
    if (!isNone(since)) this.again.add(symbol);
  }

  private known(symbol: string): Known | null {
    const text = this.store.getItem(keyOf(symbol));
    if (text === null) return null;
    const { owner, drawings, unsure } = JSON.parse(text) as { owner: string; drawings: string; unsure: string[] };
    return { owner, page: decode(drawings), unsure };
  }

  private note(symbol: string, { owner, page, unsure }: Known): void {
    this.store.setItem(keyOf(symbol), JSON.stringify({ owner, drawings: encode(page), unsure }));
  }
}

function keyOf(symbol: string): string {
  return `candlewick.drawings.server.v1.${symbol}`;
}
