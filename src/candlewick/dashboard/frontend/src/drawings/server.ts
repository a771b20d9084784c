// The server's side of drawings: where people log in it keeps each one's.

import { decode, encode } from "./shelf";
import type { Difference } from "./merge";
import type { Drawing } from "./model";

/** Drawings of a symbol in the server; no owner where nobody logs in, and nothing is kept there. */
export interface Told {
  readonly owner: string | null;
  readonly page: readonly Drawing[];
}

/** Change a symbol's drawings, or only read them. Null where the server does not answer; a text says why it refused. */
export type Ask = (symbol: string, change: Difference) => Promise<Told | string | null>;

export function askAt(base: string): Ask {
  return async (symbol, { put, remove }) => {
    const body = JSON.stringify({ put: Object.fromEntries(put.map((drawing) => [drawing.id, drawing])), remove });
    const isChange = put.length > 0 || remove.length > 0;
    const request = isChange ? { method: "PATCH", headers: { "Content-Type": "application/json" }, body } : {};
    const answer = await fetch(`${base}/api/drawings/${encodeURIComponent(symbol)}`, request).catch(() => null);
    if (answer === null || answer.status >= 500) return null;
    if (!answer.ok) return (await answer.text()).trim();
    const { owner, drawings } = (await answer.json()) as { owner: string | null; drawings: Record<string, Drawing> };
    return { owner, page: decode(encode(Object.values(drawings))) };
  };
}
