// The drawings that a layout carries: those of the symbols it shows. Loaded, they take the place of these symbols' own.

import type { Desk } from "../desk/desk";
import { Signal } from "../signal";
import { storage } from "../state/prefs";
import type { Drawing } from "./model";
import { decode, encode, Shelf } from "./shelf";

/** Told when a symbol's drawings were changed, so that all its charts show the same. */
export const changes = new Signal<{ symbol: string; by?: object }>();

export function drawingsOf(symbols: Iterable<string>): Record<string, readonly Drawing[]> {
  const store = storage();
  if (!store) return {};
  const shelf = new Shelf(store);
  return Object.fromEntries([...new Set(symbols)].map((symbol) => [symbol, shelf.load(symbol)]));
}

/** Put drawings in the place of those that their symbols have; undo brings these back. */
export function putDrawings(kept: unknown, desk: Desk): void {
  const store = storage();
  if (!store || typeof kept !== "object" || kept === null) return;
  const shelf = new Shelf(store);
  const put = (symbol: string, drawings: readonly Drawing[]) => {
    shelf.save(symbol, drawings);
    changes.emit({ symbol });
  };
  for (const [symbol, given] of Object.entries(kept)) {
    const [before, after] = [shelf.load(symbol), Array.isArray(given) ? decode(encode(given as Drawing[])) : []];
    if (!desk.config.symbols.includes(symbol) || encode(before) === encode(after)) continue;
    put(symbol, after);
    desk.steps.push({ undo: () => put(symbol, before), redo: () => put(symbol, after) });
  }
}
