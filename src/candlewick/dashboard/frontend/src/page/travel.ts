// Going somewhere on the tape: to an instant, to its first bar, to the newest.

import type { PriceChart } from "../chart/chart";
import type { Feeder } from "../data/feeder";
import type { History } from "../data/history";
import type { Desk } from "../desk/desk";

/** How long a request made for a key press may take, in ms. */
const PATIENCE = 10_000;

export class Travel {
  constructor(
    private readonly desk: Desk,
    private readonly history: History,
    private readonly chart: PriceChart,
    private readonly feeder: Feeder,
  ) {}

  /** Go to the bar at or before an instant, in seconds since the epoch. */
  async goTo(time: number): Promise<void> {
    await this.feeder.reach(time);
    const { table, view } = this.chart;
    this.tellLimits(time);
    view.centre(Math.max(0, table.indexAt(time + 1) - 1));
  }

  goLive(): void {
    if (this.feeder.isAtHead) this.chart.view.goLive();
    else void this.feeder.toHead().then(() => this.chart.view.goLive());
  }

  /** Go to the first bar of a symbol's tape, if the symbol is still shown when it is known. */
  async goToStart(symbol: string, isCurrent: () => boolean): Promise<void> {
    const first = await this.history.first(symbol, AbortSignal.timeout(PATIENCE));
    if (first && isCurrent()) await this.goTo(first.time);
  }

  /** Say so where an instant is outside the tape. */
  private tellLimits(time: number): void {
    const { first } = this.feeder.store;
    if (!first) return;
    const text = (instant: number) => this.chart.instantText(instant);
    if (time < first.time && !this.feeder.hasOlder) this.desk.toasts.show(`The tape begins at ${text(first.time)}`, "warn");
    const now = this.desk.live.serverNow() / 1_000;
    if (time > now) this.desk.toasts.show(`${text(time)} is in the future: these are the newest bars`, "warn");
  }
}
