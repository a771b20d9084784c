// A feature of the chart, and the stage through which it takes part. Each chart of the grid has features of its own;
// `page/features.ts` lists them.

import type { Place, PriceChart } from "../chart/chart";
import type { Bar } from "../data/bar";
import type { Config, SeriesKey } from "../data/config";
import type { Feeder, Screen } from "../data/feeder";
import type { History } from "../data/history";
import type { Status, Tick } from "../data/live";
import type { Trade } from "../data/trade";
import type { Signal } from "../signal";
import type { Choice } from "../state/choice";
import type { Item } from "../ui/menu";
import type { Desk } from "./desk";

export interface Feature {
  /** Clean up what the stage does not own: listeners elsewhere, timers, requests. */
  dispose(): void;
}

/** Makes a feature for one chart. */
export type FeatureMaker = (stage: Stage) => Feature;

/** One chart of the grid, as its features see it. */
export interface Stage {
  readonly config: Config;
  /** What all charts of the page share: settings, theme, keys, side panel, messages. */
  readonly desk: Desk;
  /** The chart: `api` is the library's, `series` its main series, `attach` puts primitives on it, `add` layers. */
  readonly chart: PriceChart;
  /** The element that the chart is drawn in; the keyboard can focus it. */
  readonly canvas: HTMLElement;
  readonly history: History;
  /** Where its bars come from: those loaded of the series, and older ones on demand. */
  readonly feeder: Feeder;
  readonly series: SeriesKey;
  /** The bars on screen: the feeder's, or those of the feature that holds the screen. */
  readonly bars: readonly Bar[];
  /** The newest status of the series, if there is one. */
  readonly status: Status | null;
  /** What the reader chose to see here. */
  readonly choice: Readonly<Choice>;
  /** Whether this is the chart that keys and the header act on. */
  readonly isActive: boolean;

  /** Choose something else. It is remembered, put into the address, and announced by `chosen`. */
  choose(choice: Partial<Choice>): void;
  /** Bind a key that works while this chart is the active one. It is freed with the chart. */
  bind(keys: string, title: string, run: () => void): void;
  /** Take over the screen to draw other bars than the live ones, which go on in the background until `release`. */
  hold(): Screen;
  /** Whether a feature holds the screen now. */
  readonly isHeld: boolean;
  release(): void;
  /** Select the bar of an open time, or none with null. */
  select(time: number | null): void;
  /** Ask for what is behind a bar: `inspected` tells. */
  inspect(bar: Bar | undefined): void;
  /** Go to the bar at or before an instant, in seconds since the epoch. */
  goTo(time: number): Promise<void>;

  /** Another series is on screen, with all its first bars. */
  readonly opened: Signal<SeriesKey>;
  /** The bars on screen changed. */
  readonly drawn: Signal;
  /** A live frame was drawn; a status arrived. */
  readonly ticked: Signal<Tick>;
  readonly heard: Signal<Status>;
  /** The open time under the crosshair, or null where it left. */
  readonly crosshair: Signal<number | null>;
  /** The bar that the reader selected, by a click or by a key; undefined where none is any more. */
  readonly selected: Signal<Bar | undefined>;
  /** The reader asks what is behind a bar. */
  readonly inspected: Signal<Bar>;
  /** A replay began at an instant (s), or ended; the trades that it played. */
  readonly replayed: Signal<number | null>;
  readonly played: Signal<readonly Trade[]>;
  /** The reader chose something. */
  readonly chosen: Signal<Partial<Choice>>;
  /** Theme, colours or the grid's lines changed; `desk` has them. */
  readonly painted: Signal;
  /** This chart became the active one, or ceased to be. */
  readonly activated: Signal<boolean>;

  /** Where a feature puts its own elements. They are shown while this chart is the active one … */
  readonly slots: {
    /** … in the header, to the right of the timeframes, … */
    readonly header: HTMLElement;
    /** … in the header, among the icons to the right, … */
    readonly icons: HTMLElement;
    /** … in the rail of tools to the left. */
    readonly rail: HTMLElement;
    /** Over the chart, whether it is active or not; it lets presses through to the chart. */
    readonly overlay: HTMLElement;
    /** In the legend, behind the series' name and the bar's state. */
    readonly title: HTMLElement;
    /** Below the numbers of the legend: one row for each thing drawn over the bars. */
    readonly legend: HTMLElement;
  };
  /** What can be done at a place of the chart: the rows of its context menu. */
  readonly actions: ((place: Place) => readonly Item[])[];
  /** What features have to say of the bar of an open time: rows of the data window, a name and a value each. */
  readonly readings: ((time: number) => readonly [name: string, value: string][])[];
  /** Asked before the chart takes a press for a click: true if the press was meant for a feature. */
  readonly presses: Set<() => boolean>;
}
