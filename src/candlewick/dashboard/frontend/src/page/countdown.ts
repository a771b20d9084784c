// The time left until the forming bar closes, on the price axis below the last price.

import type { ISeriesPrimitive, ISeriesPrimitiveAxisView, SeriesAttachedParameter, Time } from "lightweight-charts";
import { directionColour } from "../chart/looks";
import type { Feature, Stage } from "../desk/stage";
import { countdown } from "../format";
import { contrast } from "../style/theme";

/** The distance in px between the middle of the price's label and the middle of this one. */
const BELOW = 18;
const TICK = 250;

class Countdown implements ISeriesPrimitive<Time>, Feature {
  private attachment: SeriesAttachedParameter<Time> | null = null;
  private readonly views: readonly ISeriesPrimitiveAxisView[];
  private readonly timer: number;
  private text = "";

  constructor(private readonly stage: Stage) {
    this.views = [
      {
        coordinate: () => this.coordinate(),
        text: () => this.text,
        textColor: () => (contrast("#ffffff", this.colour()) < 4.5 ? "#000000" : "#ffffff"),
        backColor: () => this.colour(),
        visible: () => this.text !== "",
      },
    ];
    stage.chart.attach(this);
    this.timer = window.setInterval(() => this.tick(), TICK);
  }

  dispose(): void {
    window.clearInterval(this.timer);
    this.stage.chart.detach(this);
  }

  attached(attachment: SeriesAttachedParameter<Time>): void {
    this.attachment = attachment;
  }

  detached(): void {
    this.attachment = null;
  }

  updateAllViews(): void {}

  priceAxisViews(): readonly ISeriesPrimitiveAxisView[] {
    return this.views;
  }

  /** Repaint only when the text changes, once a second. */
  private tick(): void {
    const { status, desk, isHeld } = this.stage;
    const left = status?.closes && !isHeld ? countdown((status.closes - desk.live.serverNow()) / 1_000) : "";
    if (left === this.text) return;
    this.text = left;
    this.attachment?.requestUpdate();
  }

  private coordinate(): number {
    const price = this.stage.bars.at(-1)?.close;
    const y = price === undefined ? null : this.attachment?.series.priceToCoordinate(price);
    return y === null || y === undefined ? -1_000 : y + BELOW;
  }

  private colour(): string {
    const newest = this.stage.bars.at(-1);
    const { colours } = this.stage.desk.prefs;
    return newest ? directionColour(newest, colours) : colours.bullFill;
  }
}

/** Shows the time that is left until the forming bar closes. */
export function timeLeft(stage: Stage): Feature {
  return new Countdown(stage);
}
