// The bar below the chart that controls a replay.

import { h, icon, setText } from "../ui/dom";
import { Menu } from "../ui/menu";
import type { ZoneClock } from "../zone";
import type { Player } from "./player";

export const SPEEDS = [1, 2, 5, 10, 50, 100, 1_000];
const PATHS = {
  play: "M7 5l12 7-12 7Z",
  pause: "M8 5v14M16 5v14",
  step: "M6 5l9 7-9 7ZM18 5v14",
  pick: "M12 3v4M12 17v4M3 12h4M17 12h4M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4l3 2",
  close: "M6 6l12 12M18 6L6 18",
};
const TIME: Intl.DateTimeFormatOptions = {
  day: "2-digit",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
};

export interface ControlActions {
  toggle(): void;
  step(): void;
  pick(): void;
  /** Ask for a date and time to go to. */
  goTo(anchor: Element): void;
  setSpeed(speed: number): void;
  end(): void;
}

export class Controls {
  readonly element: HTMLElement;
  private readonly words = h("span", { class: "replay-words", role: "status" });
  private readonly playing: HTMLButtonElement;
  private readonly speed: HTMLButtonElement;
  private readonly speeds: Menu;
  private readonly moving: HTMLButtonElement[];
  private wasPlaying: boolean | null = null;
  private current = SPEEDS[0];

  /** `root` is the terminal, where the menu of speeds is put. */
  constructor(root: HTMLElement, actions: ControlActions) {
    this.playing = button("Play", PATHS.play, actions.toggle);
    const step = button("One trade on", PATHS.step, actions.step);
    const goTo: HTMLButtonElement = button("Go to a time of the tape", PATHS.clock, () => actions.goTo(goTo));
    this.moving = [this.playing, step];
    this.speeds = new Menu(root, "Speed", () =>
      SPEEDS.map((speed) => ({
        title: `${speed}×`,
        isCurrent: speed === this.current,
        run: () => actions.setSpeed(speed),
      })),
    );
    const onclick = () => this.speeds.toggle(this.speed);
    const attributes = { type: "button", class: "replay-speed", title: "Speed", onclick };
    this.speed = h("button", attributes, `${this.current}×`);
    this.element = h(
      "div",
      { class: "replay" },
      h("b", {}, "REPLAY"),
      button("Pick another bar to start from", PATHS.pick, actions.pick),
      goTo,
      this.playing,
      step,
      this.speed,
      this.words,
      button("Back to live", PATHS.close, actions.end),
    );
  }

  /** Take it off the screen. */
  remove(): void {
    this.speeds.close();
    this.element.remove();
  }

  /** Ask for the bar to start from. */
  ask(): void {
    this.moving.forEach((one) => (one.disabled = true));
    setText(this.words, "click the bar to start from");
  }

  show(player: Player, clock: ZoneClock, price: (value: number) => string): void {
    this.moving.forEach((one) => (one.disabled = false));
    const { isPlaying, speed } = player.pace;
    if (isPlaying !== this.wasPlaying) {
      this.wasPlaying = isPlaying;
      this.playing.replaceChildren(icon(isPlaying ? PATHS.pause : PATHS.play));
      this.playing.title = isPlaying ? "Pause" : "Play";
      this.playing.setAttribute("aria-label", this.playing.title);
    }
    this.current = speed;
    setText(this.speed, `${speed}×`);
    this.speed.setAttribute("aria-label", `Speed ${speed}×`);
    setText(this.words, told(player, clock, price));
  }
}

function told(player: Player, clock: ZoneClock, price: (value: number) => string): string {
  const { last, pace } = player;
  const time = clock.format(Math.floor((last?.time ?? pace.now) / 1e6), TIME);
  if (player.isAtEnd) return `${time} · this is the newest trade`;
  if (player.isWaiting) return `${time} · reading …`;
  return last ? `${time} · ${price(Number(last.price) / 1e8)} · trade ${last.id}` : time;
}

function button(title: string, path: string, onclick: () => void): HTMLButtonElement {
  return h("button", { type: "button", class: "icon", title, "aria-label": title, onclick }, icon(path));
}
