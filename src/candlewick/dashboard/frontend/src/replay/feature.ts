// Replay: plays the tape from the warehouse trade by trade, from any bar on, in place of the live bars.

import type { Bar } from "../data/bar";
import { intervalOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";
import { h, icon } from "../ui/dom";
import { GoTo } from "../ui/goto";
import { clockOf } from "../zone";
import { Controls } from "./controls";
import { Player } from "./player";
import { Tape } from "./tape";

const REWIND = "M20 12a8 8 0 1 1-2.4-5.7M20 3v4h-4M10 9l5 3-5 3Z";
/** Where a replay is, in µs of the tape and by the trade on screen, and how it plays. */
interface Carried {
  readonly now: number;
  readonly last: bigint | null;
  readonly speed: number;
  readonly isPlaying: boolean;
}

/** Seconds without a trade have no bar. */
const SPARSE = "1s";

export class Replay implements Feature {
  private readonly stage: Stage;
  private readonly button: HTMLButtonElement;
  private readonly controls: Controls;
  private player: Player | null = null;
  private carried: Carried | null = null;
  private readonly goTo: GoTo;
  private isPicking = false;
  private readonly takesClick = () => this.isPicking;

  constructor(stage: Stage) {
    this.stage = stage;
    const title = "Replay";
    this.button = h("button", { type: "button", class: "icon", title, "aria-label": title, onclick: () => this.flip() }, icon(REWIND));
    stage.slots.header.append(this.button);
    const now = () => (this.player ? this.player.pace.now / 1e6 : stage.desk.live.serverNow() / 1_000);
    this.goTo = new GoTo(stage.desk.root, () => stage.desk.clock, now, (time) => void this.startAt(time));
    this.controls = new Controls(stage.desk.root, {
      toggle: () => this.player?.toggle(),
      step: () => void this.player?.step(),
      pick: () => this.pick(),
      goTo: (anchor) => this.goTo.open(anchor),
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
      if ("symbol" in choice) this.forget();
      else if ("timeframe" in choice) this.carry();
    });
    stage.opened.on(() => void this.goOn());
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

  /** Another timeframe: keep where the replay is, until the bars of it are there. */
  private carry(): void {
    const { player } = this;
    if (!player) return this.forget();
    const { now, speed, isPlaying } = player.pace;
    this.carried = { now, last: player.last?.id ?? null, speed, isPlaying };
    player.dispose();
    this.player = null;
  }

  /** Go on in another timeframe, from where the replay was. */
  private async goOn(): Promise<void> {
    const { carried, stage } = this;
    if (!carried || stage.isHeld) return;
    this.carried = null;
    await this.startAt(carried.now / 1e6, carried);
  }

  /** Replay up to an instant (s) and stand there: its bar is built of its own trades. */
  private async startAt(time: number, pace: Omit<Carried, "now"> = { last: null, speed: 1, isPlaying: false }): Promise<void> {
    const { stage } = this;
    const { series } = stage;
    await stage.feeder.reach(time);
    if (series.timeframe !== stage.series.timeframe || series.symbol !== stage.series.symbol) return;
    const { store } = stage.feeder;
    if (!store.first || time < store.first.time) return stage.desk.toasts.show("The tape does not reach back to there", "warn");
    const opened = intervalOf(series.timeframe, clockOf(stage.config.dayZone))(time * 1e6)[0] / 1e6;
    this.start(opened, false);
    await this.player?.skipTo(time * 1e6, pace.last);
    this.player?.setSpeed(pace.speed);
    if (pace.isPlaying) this.player?.toggle();
  }

  /** Hold the screen from a bar on; with `steps`, show its first trade. */
  private start(time: number, steps = true): void {
    const { stage } = this;
    const before = this.barsBefore(time);
    this.isPicking = false;
    this.carried = null;
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
    if (steps) void player.step();
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
    this.carried = null;
    this.isPicking = false;
    this.controls.remove();
    this.button.removeAttribute("aria-pressed");
  }
}
