// The trades of a tape, fetched page by page ahead of the reader.

import { type Trade, type TradeColumns, tradesOf } from "../data/trade";

const PAGE = 5_000;
/** Fetch the next page when fewer trades than this are left. */
const AHEAD = 10_000;

export class Tape {
  /** Whether the newest trade has been read. More follow as the warehouse loads them. */
  isAtEnd = false;

  private trades: Trade[] = [];
  private position = 0;
  private isFetching = false;
  private next: { time: number; id: bigint | null };
  private readonly aborter = new AbortController();

  /** The tape of a symbol from an instant on, in seconds. */
  constructor(
    private readonly base: string,
    private readonly symbol: string,
    from: number,
  ) {
    this.next = { time: from, id: null };
  }

  close(): void {
    this.aborter.abort();
  }

  /** The next trade, without taking it; undefined while it has not arrived. */
  peek(): Trade | undefined {
    if (this.trades.length - this.position < AHEAD) void this.fetch();
    return this.trades[this.position];
  }

  take(): Trade | undefined {
    const trade = this.peek();
    if (trade) this.position += 1;
    return trade;
  }

  /** Wait until the next trade has arrived, or the end of the tape is known. */
  async ready(): Promise<void> {
    while (!this.peek() && !this.isAtEnd && !this.aborter.signal.aborted) await new Promise((later) => setTimeout(later, 20));
  }

  private async fetch(): Promise<void> {
    const { signal } = this.aborter;
    if (this.isFetching || signal.aborted) return;
    this.isFetching = true;
    try {
      const { time, id } = this.next;
      const query = new URLSearchParams({ symbol: this.symbol, from: String(Math.floor(time)), limit: String(PAGE) });
      if (id !== null) query.set("from_id", String(id));
      const answer = await fetch(`${this.base}/api/trades?${query}`, { signal });
      if (answer.ok) this.append((await answer.json()) as TradeColumns);
    } catch (error) {
      // The server is away; the next look asks again.
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
    } finally {
      if (this.isAtEnd) await new Promise((later) => setTimeout(later, 1_000));
      this.isFetching = false;
    }
  }

  private append(columns: TradeColumns): void {
    this.isAtEnd = columns.i.length === 0;
    if (this.isAtEnd) return;
    const fresh = tradesOf(columns);
    this.trades = [...this.trades.slice(this.position), ...fresh];
    this.position = 0;
    const last = fresh.at(-1)!;
    this.next = { time: last.time / 1e6, id: last.id + 1n };
  }
}
