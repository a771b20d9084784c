// Drawings of one symbol that come together from several pages, by their ids. Pure.

import type { Drawing } from "./model";

/** What makes one page another. */
export interface Difference {
  readonly put: readonly Drawing[];
  readonly remove: readonly string[];
}

export const NONE: Difference = { put: [], remove: [] };

export function isNone({ put, remove }: Difference): boolean {
  return put.length === 0 && remove.length === 0;
}

export function difference(before: readonly Drawing[], after: readonly Drawing[]): Difference {
  const known = new Map(before.map((drawing) => [drawing.id, JSON.stringify(drawing)]));
  const kept = new Set(after.map(({ id }) => id));
  return {
    put: after.filter((drawing) => known.get(drawing.id) !== JSON.stringify(drawing)),
    remove: [...known.keys()].filter((id) => !kept.has(id)),
  };
}

/** A difference that names these ids, too, as they are in a page or lack there. */
export function naming(ids: readonly string[], { put, remove }: Difference, page: readonly Drawing[]): Difference {
  const named = new Set([...put.map(({ id }) => id), ...remove]);
  const others = new Set(ids.filter((id) => !named.has(id)));
  const there = page.filter(({ id }) => others.delete(id));
  return { put: [...put, ...there], remove: [...remove, ...others] };
}

/** A page after a difference. Drawings lie as in `order`, those that are not in it above the others. */
export function merged(page: readonly Drawing[], { put, remove }: Difference, order: readonly Drawing[]): Drawing[] {
  const drawings = new Map([...page, ...put].map((drawing) => [drawing.id, drawing]));
  remove.forEach((id) => drawings.delete(id));
  const places = new Map(order.map(({ id }, place) => [id, place]));
  const place = ({ id }: Drawing) => places.get(id) ?? places.size;
  return [...drawings.values()].sort((a, b) => place(a) - place(b));
}
