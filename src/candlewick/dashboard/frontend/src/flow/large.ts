// Large trades as bubbles: on screen, by id, those of the history and those that come.

import { Painted, place } from "../chart/painted";
import { numberOf } from "../data/amount";
import type { Trade } from "../data/trade";
import type { Stage } from "../desk/stage";
import { faded } from "../style/theme";
import { fetchTape } from "./answers";
import type { FlowSource } from "./source";

const REST = 250;
/** A trade is large from so many times the mean size of those on screen. */
const TIMES = 25;
const MOST = 300;
const SMALLEST = 3;
const LARGEST = 22;

export class LargeTrades {
  private isOn = false;
  private trades: Trade[] = [];
  private least = 0;
  private rest = 0;
  private aborter = new AbortController();
  private readonly painted = new Painted("top", (context) => this.paint(context));

  constructor(
    private readonly stage: Stage,
    private readonly source: FlowSource,
  ) {
    stage.chart.attach(this.painted);
    stage.chart.view.moved.on(() => this.soon());
    stage.opened.on(() => {
      this.trades = [];
      this.soon();
    });
    source.printed.on((trades) => this.take(trades));
    stage.replayed.on((time) => {
      if (time !== null) this.trades = this.trades.filter((trade) => trade.time < time * 1e6);
      else this.soon();
    });
  }

  dispose(): void {
    window.clearTimeout(this.rest);
    this.aborter.abort();
  }

  show(isOn: boolean): void {
    this.isOn = isOn;
    this.trades = isOn ? this.trades : [];
    this.painted.refresh();
    this.soon();
  }

  private soon(): void {
    window.clearTimeout(this.rest);
    if (this.isOn && !this.stage.isHeld) this.rest = window.setTimeout(() => void this.look(), REST);
  }

  private take(trades: readonly Trade[]): void {
    if (!this.isOn || this.least === 0) return;
    this.trades.push(...trades.filter(({ quantity }) => numberOf(quantity) >= this.least));
  }

  /** Fetch the large trades of the bars on screen, the newest first, as far back as one page goes. */
  private async look(): Promise<void> {
    const { bars, chart, config, series } = this.stage;
    const range = chart.view.range();
    if (!range || bars.length === 0) return;
    const shown = bars.slice(Math.max(0, Math.ceil(range.from)), Math.max(0, Math.floor(range.to) + 1));
    const count = shown.reduce((sum, { trades }) => sum + trades, 0);
    if (count === 0) return;
    this.least = (TIMES * shown.reduce((sum, { volume }) => sum + volume, 0)) / count;
    const last = shown.findLast(({ time }) => this.source.at(time)?.cells.lastId != null);
    const lastId = last && this.source.at(last.time)?.cells.lastId;
    this.aborter.abort();
    const { signal } = (this.aborter = new AbortController());
    try {
      const before = lastId != null && last !== bars.at(-1) ? { before: lastId + 1n } : {};
      const page = await fetchTape(config.base, series.symbol, { ...before, limit: MOST, least: this.least }, signal);
      if (!page || signal.aborted) return;
      this.trades = page.trades.filter(({ time }) => time >= shown[0]!.time * 1e6);
      this.painted.refresh();
    } catch (error) {
      if (!(error instanceof TypeError) && !signal.aborted) throw error;
    }
  }

  private paint(context: CanvasRenderingContext2D): void {
    if (!this.isOn) return;
    const { chart, desk } = this.stage;
    const { palette, prefs: { colours } } = desk;
    for (const { isSell, price, quantity, time } of this.trades) {
      const index = chart.table.indexAt(time / 1e6 + 1e-6) - 1;
      const y = chart.series.priceToCoordinate(numberOf(price));
      if (index < 0 || y === null) continue;
      const radius = Math.min(LARGEST, SMALLEST * Math.sqrt(numberOf(quantity) / this.least));
      const colour = isSell ? colours.bearFill : colours.bullFill;
      context.beginPath();
      context.arc(place(chart.view, index), y, Math.max(SMALLEST, radius), 0, 2 * Math.PI);
      context.fillStyle = faded(colour, 0.3);
      context.fill();
      // A ring of the background around its own: it is seen on a candle of its colour, too.
      for (const [ring, width] of [[palette.background, 3], [colour, 1.25]] as const) {
        context.strokeStyle = ring;
        context.lineWidth = width;
        context.stroke();
      }
    }
  }
}
