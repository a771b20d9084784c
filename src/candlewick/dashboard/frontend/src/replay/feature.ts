// Replay: plays the tape from the warehouse trade by trade, from any bar on, in place of the live bars.

import type { Bar } from "../data/bar";
import { intervalOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";
import { h, icon } from "../ui/dom";
import { clockOf } from "../zone";
import { Controls } from "./controls";
import { Player } from "./player";
import { Tape } from "./tape";

const REWIND = "M20 12a8 8 0 1 1-2.4-5.7M20 3v4h-4M10 9l5 3-5 3Z";
/** Seconds without a trade have no bar. */
const SPARSE = "1s";

export class Replay implements Feature {
  private readonly stage: Stage;
  private readonly button: HTMLButtonElement;
  private readonly controls: Controls;
  private player: Player | null = null;
  private isPicking = false;
  private readonly takesClick = () => this.isPicking;

  constructor(stage: Stage) {
    this.stage = stage;
    const title = "Replay";
    this.button = h("button", { type: "button", class: "icon", title, "aria-label": title, onclick: () => this.flip() }, icon(REWIND));
    stage.slots.header.append(this.button);
    this.controls = new Controls(stage.desk.root, {
      toggle: () => this.player?.toggle(),
      step: () => void this.player?.step(),
      pick: () => this.pick(),
      setSpeed: (speed) => this.player?.setSpeed(speed),
      end: () => this.end(),
    });
    stage.bind("Shift+ArrowDown", "Replay: play or pause", () => this.player?.toggle());
    stage.bind("Shift+ArrowRight", "Replay: one trade on", () => void this.player?.step());
    stage.bind("Alt+B", "Replay from a bar", () => this.flip());
    stage.presses.add(this.takesClick);
    stage.chart.click.on((time) => {
      if (this.isPicking && time !== null) this.start(time);
    });
    stage.chosen.on((choice) => {
      if ("symbol" in choice || "timeframe" in choice) this.forget();
    });
  }

  dispose(): void {
    this.stage.presses.delete(this.takesClick);
    this.forget();
  }

  private flip(): void {
    if (this.player || this.isPicking) this.end();
    else this.pick();
  }

  private pick(): void {
    this.player?.pace.pause();
    this.isPicking = true;
    this.stage.slots.overlay.append(this.controls.element);
    this.button.setAttribute("aria-pressed", "true");
    this.controls.ask();
  }

  private start(time: number): void {
    const { stage } = this;
    const before = this.barsBefore(time);
    this.isPicking = false;
    this.player?.dispose();
    const { symbol, timeframe } = stage.series;
    const zone = clockOf(stage.config.dayZone);
    const tape = new Tape(stage.config.base, symbol, time);
    const player = new Player(stage.hold(), tape, before, intervalOf(timeframe, zone), timeframe === SPARSE, time);
    player.onPlayed = (trades) => stage.played.emit(trades);
    stage.replayed.emit(time);
    player.onChange = () => this.controls.show(player, stage.desk.clock, (price) => stage.chart.priceText(price));
    this.player = player;
    stage.chart.view.goLive();
    void player.step();
  }

  /** The bars before an instant. They are the feeder's, as a running replay holds only some of them. */
  private barsBefore(time: number): Bar[] {
    return this.stage.feeder.store.bars.filter((bar) => bar.time < time);
  }

  private end(): void {
    const held = this.player !== null;
    this.forget();
    if (held) this.stage.release();
  }

  private forget(): void {
    if (this.player) this.stage.replayed.emit(null);
    this.player?.dispose();
    this.player = null;
    this.isPicking = false;
    this.controls.remove();
    this.button.removeAttribute("aria-pressed");
  }
}
