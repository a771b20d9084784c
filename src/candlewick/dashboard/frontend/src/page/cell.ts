// One chart of the grid: its bars and where they come from, its legend, and the features that take part in it.

import { PriceChart } from "../chart/chart";
import { Headroom } from "../chart/headroom";
import type { Bar } from "../data/bar";
import type { Config, SeriesKey } from "../data/config";
import { Feeder, type LiveScreen, type Screen } from "../data/feeder";
import { Freshness, type Health, healthOf } from "../data/health";
import type { History } from "../data/history";
import type { Status, Tick } from "../data/live";
import { Pacer } from "../data/pacer";
import { isDaily } from "../data/timeframes";
import type { Trade } from "../data/trade";
import type { Desk } from "../desk/desk";
import type { Feature, Stage } from "../desk/stage";
import { Signal } from "../signal";
import type { Choice } from "../state/choice";
import { Popover } from "../ui/popover";
import { dayClockOf } from "../zone";
import { afterPaint } from "./debug";
import { FEATURES } from "./features";
import { CellFrame } from "./frame";
import { Travel } from "./travel";

const SERIES_KEYS: readonly (keyof Choice)[] = ["symbol", "timeframe"];

export class Cell implements Stage {
  readonly config: Config;
  readonly chart: PriceChart;
  readonly feeder: Feeder;
  readonly opened = new Signal<SeriesKey>();
  readonly drawn = new Signal();
  readonly ticked = new Signal<Tick>();
  readonly heard = new Signal<Status>();
  readonly crosshair: Signal<number | null>;
  readonly selected = new Signal<Bar | undefined>();
  readonly inspected = new Signal<Bar>();
  readonly replayed = new Signal<number | null>();
  readonly played = new Signal<readonly Trade[]>();
  readonly chosen = new Signal<Partial<Choice>>();
  readonly painted = new Signal();
  readonly activated = new Signal<boolean>();
  readonly presses = new Set([() => Popover.tookPress]);
  readonly actions: Stage["actions"][number][] = [];
  readonly readings: Stage["readings"][number][] = [];

  status: Status | null = null;
  freshness = new Freshness();
  choice: Choice;
  isHeld = false;

  private readonly frame = new CellFrame(() => this.goLive());
  private readonly pacer = new Pacer(
    () => this.chart.isHeavy() && this.chart.view.isMoving(),
    (changed) => this.change(changed, this.feeder.store.bars),
  );
  private readonly headroom: Headroom;
  private readonly travel: Travel;
  private readonly features: Feature[];
  private readonly endings: (() => void)[] = [];
  private pointed: number | null = null;
  private selection: number | null = null;
  private hasShown = false;
  private active = false;

  constructor(
    readonly desk: Desk,
    readonly history: History,
    choice: Choice,
  ) {
    this.config = desk.config;
    this.choice = choice;
    this.chart = new PriceChart(this.canvas, this.look());
    this.crosshair = this.chart.crosshair;
    this.feeder = new Feeder(history, desk.live, this.liveScreen());
    this.headroom = new Headroom(this.chart.api, this.frame.legend.element);
    this.travel = new Travel(desk, history, this.chart, this.feeder);
    this.listen();
    this.features = FEATURES.map((make) => make(this));
    this.apply(choice);
    this.open();
  }

  dispose(): void {
    this.features.forEach((feature) => feature.dispose());
    this.endings.forEach((end) => end());
    this.feeder.dispose();
    this.pacer.clear();
    this.headroom.dispose();
    this.chart.dispose();
    this.element.remove();
    Object.values(this.slots).forEach((slot) => slot.remove());
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  get canvas(): HTMLElement {
    return this.frame.canvas;
  }

  get slots(): Stage["slots"] {
    return this.frame.slots;
  }

  get series(): SeriesKey {
    const { symbol, timeframe } = this.choice;
    return { symbol, timeframe };
  }

  get bars(): readonly Bar[] {
    return this.chart.bars;
  }

  get isActive(): boolean {
    return this.active;
  }

  set isActive(active: boolean) {
    if (active === this.active) return;
    this.active = active;
    this.frame.setActive(active);
    this.activated.emit(active);
  }

  get health(): Health {
    const { live } = this.desk;
    return healthOf(live.isConnected, this.status, this.freshness.age(live.serverNow()), this.isHeld);
  }

  choose(choice: Partial<Choice>): void {
    this.choice = { ...this.choice, ...choice };
    this.apply(choice);
    if (SERIES_KEYS.some((key) => key in choice)) this.open();
    this.chosen.emit(choice);
  }

  bind(keys: string, title: string, run: () => void): void {
    this.endings.push(this.desk.keys.bind(keys, title, run, () => this.active));
  }

  hold(): Screen {
    this.isHeld = true;
    this.pacer.clear();
    return {
      open: (bars) => this.show(bars),
      rebuild: (bars) => this.redraw(bars),
      update: (changed, bars) => this.change(changed, bars),
    };
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    if (this.feeder.isLoaded) this.show(this.feeder.store.bars);
  }

  select(time: number | null): void {
    this.selection = time;
    this.selected.emit(this.barAt(time));
    this.showLegend();
  }

  inspect(bar: Bar | undefined): void {
    if (bar) this.inspected.emit(bar);
  }

  goTo(time: number): Promise<void> {
    return this.travel.goTo(time);
  }

  goLive(): void {
    this.travel.goLive();
  }

  /** Go to the first bar of the tape. */
  goToStart(): Promise<void> {
    const { symbol } = this.choice;
    return this.travel.goToStart(symbol, () => symbol === this.choice.symbol);
  }

  /** Fit the price scale to what is on screen. */
  fit(): void {
    this.chart.setScale(this.choice.scale, this.choice.inverted);
  }

  /** Show the newest bars in their original width, and fit the price scale to them. */
  reset(): void {
    this.fit();
    void this.feeder.toHead().then(() => this.chart.view.reset());
  }

  /** Apply the desk's theme and colours. */
  paint(): void {
    this.chart.paint(this.look());
    this.painted.emit();
  }

  setClock(): void {
    this.chart.setClock(this.axisClock());
  }

  showHealth(): void {
    // When the series changes, the old one stays on screen until the new one has been loaded.
    const hasNothing = !this.hasShown || this.status?.source === "waiting";
    this.frame.waiting.show(!this.feeder.isLoaded && hasNothing, this.desk.live.isConnected, this.status);
  }

  private apply(choice: Partial<Choice>): void {
    if ("type" in choice) this.chart.setType(this.choice.type);
    if ("scale" in choice || "inverted" in choice) this.fit();
  }

  private open(): void {
    this.status = null;
    this.freshness = new Freshness();
    this.pointed = null;
    this.select(null);
    this.isHeld = false;
    this.frame.setSeries(this.series);
    this.setClock();
    this.feeder.open(this.series, this.chart.endsAt());
    this.showHealth();
  }

  private listen(): void {
    this.crosshair.on((time) => {
      this.pointed = time;
      this.showLegend();
    });
    const { view } = this.chart;
    view.moved.on(() => (this.frame.toLive.hidden = view.isLive() && this.feeder.isAtHead));
    view.nearStart.on(() => this.isHeld || void this.feeder.older());
    view.nearEnd.on(() => this.isHeld || void this.feeder.newer());
    // Of a double click both presses have to be ours: the first may have closed a menu.
    let isOurs = false;
    this.chart.click.on((time) => {
      isOurs = ![...this.presses].some((took) => took());
      if (isOurs) this.select(time);
    });
    this.chart.doubleClick.on((time) => isOurs && this.inspect(this.barAt(time)));
  }

  /** What the feeder draws on: the screen, unless a feature holds it. */
  private liveScreen(): LiveScreen {
    return {
      open: (bars) => this.isHeld || this.show(bars),
      rebuild: (bars) => this.isHeld || this.redraw(bars),
      update: (changed) => this.isHeld || this.pacer.take(changed),
      took: (tick) => this.took(tick),
      heard: (status) => this.hear(status),
    };
  }

  private show(bars: readonly Bar[]): void {
    this.pacer.clear();
    this.hasShown = true;
    this.chart.open(bars, this.choice.timeframe);
    this.opened.emit(this.series);
    this.changed();
    this.showHealth();
  }

  private redraw(bars: readonly Bar[]): void {
    this.pacer.clear();
    this.chart.rebuild(bars);
    this.changed();
  }

  private change(changed: readonly Bar[], bars: readonly Bar[]): void {
    this.chart.update(changed, bars);
    this.changed();
  }

  private changed(): void {
    this.showLegend();
    this.drawn.emit();
  }

  private took(tick: Tick): void {
    this.ticked.emit(tick);
    const { freshness } = this;
    afterPaint(() => freshness.drew(tick, this.desk.live.serverNow()));
  }

  private hear(status: Status): void {
    this.status = status;
    this.freshness.heed(status);
    this.showHealth();
    this.heard.emit(status);
  }

  private showLegend(): void {
    const bar = this.barAt(this.pointed) ?? this.barAt(this.selection) ?? this.bars.at(-1);
    if (bar) this.frame.legend.show(bar, this.bars[this.chart.table.indexAt(bar.time) - 1], this.chart.decimals);
  }

  private barAt(time: number | null): Bar | undefined {
    if (time === null) return undefined;
    const bar = this.bars[this.chart.table.indexAt(time)];
    return bar?.time === time ? bar : undefined;
  }

  /** Bars of whole days are labelled in the zone of their own midnight, whatever zone the reader has chosen. */
  private axisClock() {
    const { timeframe } = this.choice;
    if (!isDaily(timeframe)) return this.desk.clock;
    return dayClockOf(timeframe === "1d" ? this.config.dayZone : "UTC");
  }

  private look() {
    const { palette, prefs } = this.desk;
    return { palette, colours: prefs.colours, lines: prefs.lines };
  }
}
