// A trade of the tape, as pages and the live connection both send them.

import { scaled } from "./amount";

/** Price and quantity in units of 10^-8, time in µs since the epoch. Ids pass 2^53. */
export interface Trade {
  readonly id: bigint;
  readonly time: number;
  readonly price: bigint;
  readonly quantity: bigint;
  /** Whether the taker sold. */
  readonly isSell: boolean;
}

export interface TradeColumns {
  i: string[];
  t: number[];
  p: string[];
  q: string[];
  m: number[];
}

export function tradesOf({ i, t, p, q, m }: TradeColumns): Trade[] {
  return i.map((id, at) => ({ id: BigInt(id), time: t[at]!, price: scaled(p[at]!), quantity: scaled(q[at]!), isSell: m[at] === 1 }));
}
