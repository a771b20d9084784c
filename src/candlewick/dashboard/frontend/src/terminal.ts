// The terminal: chart, header, legend, status and settings, and the series they show together.

import type { Bar } from "./bar";
import { PriceChart } from "./chart";
import { type Config, type Series, seriesFromAddress, seriesToAddress } from "./config";
import { afterPaint, Probe } from "./debug";
import { h, icon, ICONS } from "./dom";
import { Feeder } from "./feeder";
import { healthOf } from "./health";
import { History } from "./history";
import { Live, type Status, type Tick } from "./live";
import { type Prefs, readPrefs, type ThemeChoice, writePrefs } from "./prefs";
import css from "./style.css";
import { CANDLE_COLOURS, type CandleColours, PALETTES, type ThemeName } from "./theme";
import { Header } from "./ui/header";
import { Legend } from "./ui/legend";
import { Settings } from "./ui/settings";
import { clockOf, StatusBar } from "./ui/status";
import { Waiting } from "./ui/waiting";

const FIRST_TIMEFRAME = "1m";
const DAY_EVERY = 15_000;
const CLOCK_EVERY = 250;

/** What the page around the terminal does for it. */
export interface Host {
  /** The theme that was chosen last. */
  themeChoice(): ThemeChoice;
  /** Wear a theme: the whole page, not the chart alone. */
  chooseTheme(choice: ThemeChoice): void;
}

export class Terminal {
  readonly element: HTMLElement;
  readonly prefs: Prefs;

  private readonly header: Header;
  private readonly legend = new Legend();
  private readonly statusBar: StatusBar;
  private readonly settings: Settings;
  private readonly chart: PriceChart;
  private readonly live: Live;
  private readonly history: History;
  private readonly feeder: Feeder;
  private readonly probe: Probe;
  private readonly toLive = h(
    "button",
    { type: "button", class: "to-live", title: "To the newest bar", hidden: true, onclick: () => this.chart.goLive() },
    icon(ICONS.live),
  );
  private readonly waiting = new Waiting();
  private readonly timers: number[];
  private series: Series;
  private status: Status | null = null;
  private isConnected = false;
  private latency: number | null = null;
  private crosshair: number | null = null;
  private hasShown = false;
  private repaint = 0;

  constructor(
    private readonly config: Config,
    private theme: ThemeName,
    private readonly host: Host,
  ) {
    this.prefs = readPrefs(defaults(config));
    this.series = this.firstSeries();
    this.header = this.makeHeader();
    this.settings = this.makeSettings();
    this.statusBar = new StatusBar(this.prefs.zone, {
      setZone: (zone) => this.setZone(zone),
      setScale: (scale) => this.chart.setScale(scale),
    });
    const canvas = h("div", { class: "canvas" });
    this.element = this.makeElement(canvas);
    this.chart = new PriceChart(canvas, PALETTES[theme], this.prefs.colours);
    this.history = new History(config.base);
    this.live = new Live(config.base);
    this.feeder = new Feeder(this.history, this.live, {
      open: (bars) => this.show(bars),
      rebuild: (bars) => this.chart.rebuild(bars),
      update: (changed, bars) => this.chart.update(changed, bars),
    });
    this.probe = new Probe(window.location.search, {
      view: () => this.chart.view(),
      bars: () => this.feeder.store.bars,
      pan: (bars) => this.chart.pan(bars),
    });
    this.listen();
    this.setTheme(theme);
    this.open(this.series);
    this.timers = [
      window.setInterval(() => this.tickClock(), CLOCK_EVERY),
      window.setInterval(() => void this.showDay(), DAY_EVERY),
    ];
  }

  private makeHeader(): Header {
    return new Header(this.config, this.series, {
      open: (series) => this.open(series),
      flipTheme: () => this.host.chooseTheme(this.theme === "dark" ? "light" : "dark"),
      toggleSettings: () => this.settings.toggle(),
      toggleFullscreen: () => this.toggleFullscreen(),
    });
  }

  private makeSettings(): Settings {
    const { base, version } = this.config;
    return new Settings(this.prefs.colours, `${base}/chart/assets/THIRD_PARTY_NOTICES.txt`, version, {
      setColours: (colours) => this.setColours(colours),
      theme: () => this.host.themeChoice(),
      setTheme: (choice) => this.host.chooseTheme(choice),
    });
  }

  private makeElement(canvas: HTMLElement): HTMLElement {
    return h(
      "div",
      { class: "terminal" },
      h("style", {}, css),
      this.header.element,
      h("main", { class: "stage" }, canvas, this.legend.element, this.toLive, this.waiting.element),
      this.statusBar.element,
      this.settings.element,
    );
  }

  dispose(): void {
    this.timers.forEach((timer) => window.clearInterval(timer));
    cancelAnimationFrame(this.repaint);
    document.removeEventListener("pointerdown", this.onPointerDown);
    this.feeder.stop();
    this.live.dispose();
    this.chart.dispose();
    this.element.remove();
  }

  /** Wear a theme; the page wears it already. */
  setTheme(theme: ThemeName): void {
    if (theme === this.element.dataset.theme) return;
    this.theme = theme;
    this.element.dataset.theme = theme;
    for (const [name, value] of Object.entries(PALETTES[theme])) this.element.style.setProperty(`--${name}`, value);
    this.header.setTheme(theme);
    this.paint();
  }

  remember(prefs: Partial<Prefs>): void {
    Object.assign(this.prefs, prefs);
    writePrefs(this.prefs);
  }

  private firstSeries(): Series {
    const { symbols, timeframes } = this.config;
    const { symbol, timeframe } = this.prefs;
    return {
      symbol: symbols.includes(symbol) ? symbol : (symbols[0] ?? ""),
      timeframe: timeframes.includes(timeframe) ? timeframe : FIRST_TIMEFRAME,
      ...seriesFromAddress(this.config, window.location.search),
    };
  }

  private listen(): void {
    this.chart.onCrosshair = (time) => {
      this.crosshair = time;
      this.showLegend();
    };
    this.chart.onView = () => {
      this.toLive.hidden = this.chart.isLive();
    };
    this.chart.onNearStart = () => void this.feeder.older();
    this.live.onTick = (tick) => this.take(tick);
    this.live.onStatus = (status) => this.heed(status);
    this.live.onConnection = (connected) => {
      this.isConnected = connected;
      this.latency = null;
      if (connected) void this.feeder.refresh();
      this.showHealth();
    };
    document.addEventListener("pointerdown", this.onPointerDown);
  }

  /** A press anywhere else closes the settings. */
  private readonly onPointerDown = (event: PointerEvent): void => {
    const path = event.composedPath();
    if (!path.includes(this.settings.element) && !path.includes(this.header.settingsButton)) this.settings.toggle(false);
  };

  private open(series: Series): void {
    this.series = series;
    this.status = null;
    this.latency = null;
    this.crosshair = null;
    seriesToAddress(series);
    this.remember(series);
    this.header.setSeries(series);
    this.legend.setSeries(series);
    this.chart.setClock(this.axisClock());
    this.feeder.open(series);
    this.showHealth();
  }

  private show(bars: Bar[]): void {
    this.hasShown = true;
    this.chart.open(bars, this.series.timeframe);
    this.showBars();
    this.showHealth();
    void this.showDay();
  }

  private take(tick: Tick): void {
    this.feeder.take(tick);
    const drawn = this.live.serverNow();
    this.showBars();
    afterPaint(() => {
      const painted = this.live.serverNow();
      this.probe.note(tick, drawn, painted);
      if (tick.event > 0) this.latency = smooth(this.latency, painted - tick.event);
    });
  }

  private heed(status: Status): void {
    this.status = status;
    this.feeder.heed(status);
    this.statusBar.setStatus(status, this.feeder.store.bars.length);
    this.showHealth();
    this.showBars();
  }

  private showBars(): void {
    const { last } = this.feeder.store;
    if (last) this.header.setPrice(last.close, this.chart.decimals);
    this.showLegend();
  }

  private showLegend(): void {
    const { store } = this.feeder;
    const bar = (this.crosshair !== null && store.at(this.crosshair)) || store.last;
    if (bar) this.legend.show(bar, store.before(bar.time), this.chart.decimals);
  }

  private showHealth(): void {
    this.statusBar.setHealth(healthOf(this.isConnected, this.status), this.age());
    // Between two series the first stays on screen until the second is there.
    const hasNothing = !this.hasShown || this.status?.source === "waiting";
    this.waiting.show(!this.feeder.isLoaded && hasNothing, this.isConnected, this.status?.history ?? null);
  }

  /** What to show beside the dot: how late bars come, or how old the newest is where none come. */
  private age(): number | null {
    const health = healthOf(this.isConnected, this.status);
    if (health === "live") return this.latency;
    const isDated = (health === "delayed" || health === "stale") && this.status?.event;
    return isDated ? this.live.serverNow() - isDated : null;
  }

  private tickClock(): void {
    this.statusBar.tick(this.live.serverNow(), this.status?.closes ?? null, this.prefs.zone);
    this.showHealth();
  }

  private async showDay(): Promise<void> {
    const { series } = this;
    const day = await this.history.day(series.symbol, AbortSignal.timeout(DAY_EVERY)).catch(() => null);
    const { last } = this.feeder.store;
    if (day && last && series === this.series) this.header.setDay(day, last, this.chart.decimals);
  }

  private setZone(zone: string): void {
    this.remember({ zone });
    this.chart.setClock(this.axisClock());
    this.tickClock();
  }

  /** A daily bar is a day of its own zone, whatever zone the reader lives in. */
  private axisClock() {
    return clockOf(this.series.timeframe === "1d" ? this.config.dayZone : this.prefs.zone);
  }

  private setColours(colours: CandleColours): void {
    this.remember({ colours });
    this.paint();
  }

  /** Paint at most once a frame: a colour picker moves faster than that. */
  private paint(): void {
    cancelAnimationFrame(this.repaint);
    this.repaint = requestAnimationFrame(() => {
      const { colours } = this.prefs;
      this.element.style.setProperty("--bull", colours.bullFill);
      this.element.style.setProperty("--bear", colours.bearFill);
      this.chart.paint(PALETTES[this.theme], colours);
    });
  }

  private toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.element.requestFullscreen();
  }
}

function defaults(config: Config): Prefs {
  const symbol = config.symbols[0] ?? "";
  return { colours: CANDLE_COLOURS, zone: "browser", theme: "system", symbol, timeframe: FIRST_TIMEFRAME };
}

function smooth(known: number | null, value: number): number {
  return known === null ? value : 0.8 * known + 0.2 * value;
}
