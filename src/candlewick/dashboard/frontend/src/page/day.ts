// The numbers of the last 24 hours in the header, fetched again now and then.

import type { History } from "../data/history";
import type { Live } from "../data/live";
import type { Header } from "../ui/header";
import type { Cell } from "./cell";

const EVERY = 15_000;

export class DayNumbers {
  private readonly timer = window.setInterval(() => void this.show(), EVERY);

  constructor(
    private readonly header: Header,
    private readonly history: History,
    private readonly live: Live,
    private readonly active: () => Cell,
  ) {}

  dispose(): void {
    window.clearInterval(this.timer);
  }

  /** Show them for the active chart, unless another one is active by then. */
  async show(): Promise<void> {
    const cell = this.active();
    if (!cell.feeder.isLoaded) return;
    const { symbol } = cell.series;
    const day = await this.history.day(symbol, AbortSignal.timeout(EVERY)).catch(() => null);
    const { newest } = cell.feeder;
    const isCurrent = cell === this.active() && symbol === cell.series.symbol;
    if (day && newest && isCurrent) this.header.setDay(day, newest, cell.chart.decimals, this.live.serverNow() / 1_000);
  }
}
