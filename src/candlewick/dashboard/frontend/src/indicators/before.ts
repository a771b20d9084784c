// What was traded in a session before the bars that are loaded: from minutes, so that seconds have a VWAP, too.

import { BarTable, type Columns } from "../chart/columns";
import type { SeriesKey } from "../data/config";
import { type History, NotReadyError, type Range } from "../data/history";
import type { Sums } from "./definition";
import { sumsOf } from "./vwap";

const MINUTE = 60;
const DAY = 86_400;
/** Of a day. */
const MINUTES = 1_440;

export class SumsBefore {
  private known: { readonly time: number; readonly sums: Sums } | null = null;
  private asked: number | null = null;
  private readonly aborter = new AbortController();

  /** `heed` is called when sums have arrived that `at` did not know. */
  constructor(
    private readonly history: History,
    private readonly series: SeriesKey,
    private readonly bars: Columns,
    private readonly heed: () => void,
  ) {}

  isOf({ symbol, timeframe }: SeriesKey): boolean {
    return symbol === this.series.symbol && timeframe === this.series.timeframe;
  }

  dispose(): void {
    this.aborter.abort();
  }

  /** The sums of the UTC day up to an instant (s), at which the first bar opens; null while they are on their way. */
  at(time: number): Sums | null {
    const { known } = this;
    const isOfDay = known !== null && known.time >= time && known.time - (known.time % DAY) <= time;
    if (isOfDay) return less(known.sums, this.loaded(time, known.time));
    if (this.asked !== time) void this.ask(time);
    return null;
  }

  private async ask(time: number): Promise<void> {
    this.asked = time;
    const minute = time - (time % MINUTE);
    try {
      const [minutes, rest] = await Promise.all([
        this.sums("1m", { limit: MINUTES, since: time - (time % DAY), before: minute }),
        this.sums(this.series.timeframe, { limit: MINUTE, since: minute, before: time }),
      ]);
      if (this.asked !== time) return;
      this.known = { time, sums: { money: minutes.money + rest.money, volume: minutes.volume + rest.volume } };
      this.heed();
    } catch (error) {
      // Without a server, or a warehouse, there is no VWAP yet; the next page of history asks again.
      const isAway = error instanceof TypeError || error instanceof NotReadyError;
      if (!isAway && !this.aborter.signal.aborted) throw error;
      this.asked = null;
    }
  }

  private async sums(timeframe: string, range: Required<Range>): Promise<Sums> {
    if (range.since >= range.before) return { money: 0, volume: 0 };
    const { bars } = await this.history.page({ ...this.series, timeframe }, range, this.aborter.signal);
    const table = new BarTable();
    table.write(bars);
    return sumsOf(table);
  }

  /** The sums over the loaded bars of a stretch: older ones have come since the sums did. */
  private loaded(from: number, to: number): Sums {
    const { time, open, high, low, close, volume } = this.bars;
    const rows = Array.from(time, (_, i) => i).filter((i) => time[i]! >= from && time[i]! < to);
    const column = (values: ArrayLike<number>) => rows.map((i) => values[i]!);
    const columns = { time, open, high, low, close, volume };
    const cut = Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, column(values)]));
    return sumsOf(cut as unknown as Columns);
  }
}

function less(all: Sums, some: Sums): Sums {
  return { money: all.money - some.money, volume: all.volume - some.volume };
}
