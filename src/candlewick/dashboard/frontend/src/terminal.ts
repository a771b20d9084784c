// The terminal: the bars above and below, and between them one chart or a grid of them.

import { Cell } from "./cell";
import { type Choice, defaultChoice, GRIDS, readAddress, writeAddress } from "./choice";
import { bindCommands } from "./commands";
import type { Config } from "./config";
import { afterPaint, Probe } from "./debug";
import { Desk } from "./desk";
import { h, ICONS } from "./dom";
import { History } from "./history";
import { Keyboard } from "./keys";
import { Live, type Tick } from "./live";
import { type Prefs, readPrefs, type ThemeChoice } from "./prefs";
import { CSS } from "./styles";
import { PALETTES, type ThemeName } from "./theme";
import { GoTo } from "./ui/goto";
import { Header } from "./ui/header";
import { Help } from "./ui/help";
import { Menu } from "./ui/menu";
import { SidePanel } from "./ui/panel";
import { Search } from "./ui/search";
import { Settings } from "./ui/settings";
import { StatusBar } from "./ui/status";
import { Toasts } from "./ui/toasts";
import { ZoneMenu } from "./ui/zones";
import { isZone } from "./zone";

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
  readonly element = h("div", { class: "terminal" });
  readonly desk: Desk;

  private readonly header: Header;
  private readonly statusBar: StatusBar;
  private readonly settings: Settings;
  private readonly search: Search;
  private readonly zones: ZoneMenu;
  private readonly layouts: Menu;
  private readonly goTo: GoTo;
  private readonly help: Help;
  private readonly grid = h("div", { class: "grid" });
  private readonly rail = h("nav", { class: "rail", "aria-label": "Drawing" });
  private readonly cells: Cell[] = [];
  private active!: Cell;
  private readonly live: Live;
  private readonly history: History;
  private readonly keys: Keyboard;
  private readonly probe: Probe;
  private readonly timers: number[];
  private readonly endings: (() => void)[];
  private repaint = 0;
  private isPointing = false;

  constructor(
    private readonly config: Config,
    theme: ThemeName,
    private readonly host: Host,
  ) {
    const address = readAddress(window.location.search, config);
    const prefs = readPrefs(config);
    if (address.zone && (address.zone === "browser" || isZone(address.zone))) prefs.zone = address.zone;
    this.live = new Live(config.base);
    this.history = new History(config.base);
    this.keys = new Keyboard(() => this.element.isConnected && this.element.checkVisibility());
    this.desk = new Desk(config, prefs, this.live, this.keys, this.element, new SidePanel(), new Toasts(), theme);
    this.header = this.makeHeader();
    this.settings = this.makeSettings();
    this.statusBar = new StatusBar({
      chooseZone: (anchor) => this.zones.toggle(anchor),
      choose: (choice) => this.active.choose(choice),
      help: () => this.help.toggle(),
    });
    const { element, desk } = this;
    this.search = new Search(element, config, (choice) => this.active.choose(choice));
    this.zones = new ZoneMenu(element, () => prefs.zone, (zone) => this.setZone(zone));
    this.layouts = new Menu(element, "Layout", () => this.layoutItems());
    const now = () => this.live.serverNow() / 1_000;
    this.goTo = new GoTo(element, () => desk.clock, now, (time) => void this.active.goTo(time));
    this.help = new Help(this.keys);
    this.fill();
    this.bindKeys();
    const given = address.choices.length > 0 ? address.choices : prefs.choices;
    (given.length > 0 ? given : [{}]).forEach((choice) => this.addCell({ ...defaultChoice(config), ...choice }));
    this.activate(this.cells[0]!);
    this.probe = this.makeProbe();
    this.endings = [this.live.connection.on(() => this.showHealth()), () => this.keys.dispose()];
    this.dress(theme);
    this.timers = [
      window.setInterval(() => this.tickClock(), CLOCK_EVERY),
      window.setInterval(() => void this.showDay(), DAY_EVERY),
    ];
  }

  dispose(): void {
    this.timers.forEach((timer) => window.clearInterval(timer));
    this.endings.forEach((end) => end());
    cancelAnimationFrame(this.repaint);
    this.cells.forEach((cell) => cell.dispose());
    this.live.dispose();
    this.element.remove();
  }

  /** Wear a theme; the page wears it already. */
  setTheme(theme: ThemeName): void {
    if (theme !== this.desk.theme) this.dress(theme);
  }

  private dress(theme: ThemeName): void {
    this.desk.theme = theme;
    this.element.dataset.theme = theme;
    for (const [name, value] of Object.entries(PALETTES[theme])) this.element.style.setProperty(`--${name}`, value);
    this.header.setTheme(theme);
    this.paint();
  }

  private makeHeader(): Header {
    return new Header(this.config, {
      open: (choice) => this.active.choose(choice),
      search: (anchor) => this.search.begin(anchor, ""),
      toggleTools: () => this.rail.toggleAttribute("data-open"),
      arrange: (anchor) => this.layouts.toggle(anchor),
      flipTheme: () => this.host.chooseTheme(this.desk.theme === "dark" ? "light" : "dark"),
      toggleSettings: (anchor) => this.settings.toggle(anchor),
      toggleFullscreen: () => this.toggleFullscreen(),
    });
  }

  private makeSettings(): Settings {
    const { base, version } = this.config;
    const { colours, lines } = this.desk.prefs;
    return new Settings(this.element, colours, lines, `${base}/chart/assets/THIRD_PARTY_NOTICES.txt`, version, {
      setLines: (lines) => this.wear({ lines }),
      setColours: (colours) => this.wear({ colours }),
      theme: () => this.host.themeChoice(),
      setTheme: (choice) => this.host.chooseTheme(choice),
    });
  }

  private fill(): void {
    const { panel, toasts } = this.desk;
    const stage = h("main", { class: "stage" }, this.rail, this.grid, panel.element);
    this.element.append(
      h("style", {}, CSS),
      this.header.element,
      stage,
      this.statusBar.element,
      this.help.element,
      toasts.element,
    );
    this.statusBar.setZone(this.desk.prefs.zone);
  }

  private bindKeys(): void {
    bindCommands(this.keys, {
      active: () => this.active,
      search: (typed) => this.search.begin(this.header.symbolButton, typed),
      goTo: () => this.goTo.open(this.header.symbolButton),
      help: () => this.help.toggle(),
      fullscreen: () => this.toggleFullscreen(),
    });
  }

  private layoutItems() {
    const titles: Record<number, [title: string, icon: string]> = {
      1: ["One chart", ICONS.one],
      2: ["Two charts", ICONS.two],
      4: ["Four charts", ICONS.four],
    };
    return GRIDS.map((count) => {
      const [title, icon] = titles[count]!;
      return { title, icon, isCurrent: count === this.cells.length, run: () => this.setCount(count) };
    });
  }

  /** Show as many charts; a new one begins with the next symbol, dressed as the active one. */
  private setCount(count: number): void {
    const { symbols } = this.config;
    while (this.cells.length > count) this.cells.pop()!.dispose();
    while (this.cells.length < count) {
      const next = (symbols.indexOf(this.active.choice.symbol) + this.cells.length) % symbols.length;
      this.addCell({ ...this.active.choice, symbol: symbols[next]!, compare: "" });
    }
    this.grid.dataset.count = String(count);
    if (this.cells.includes(this.active)) this.chosen();
    else this.activate(this.cells[0]!);
  }

  private addCell(choice: Choice): void {
    const cell = new Cell(this.desk, this.history, choice);
    this.cells.push(cell);
    this.grid.append(cell.element);
    this.grid.dataset.count = String(this.cells.length);
    this.header.tools.append(cell.slots.header);
    this.header.icons.prepend(cell.slots.icons);
    this.rail.append(cell.slots.rail);
    cell.crosshair.on((time) => this.pointAll(cell, time));
    cell.element.addEventListener("pointerdown", () => this.activate(cell), { capture: true });
    cell.chosen.on(() => this.chosen());
    cell.opened.on(() => cell === this.active && this.opened());
    cell.drawn.on(() => cell === this.active && this.showPrice());
    cell.heard.on(() => cell === this.active && this.showHealth());
    cell.ticked.on((tick) => cell === this.active && this.note(tick));
  }

  /** The crosshair of one chart is every chart's; what it causes in the others must not come back. */
  private pointAll(cell: Cell, time: number | null): void {
    if (this.isPointing) return;
    this.isPointing = true;
    for (const other of this.cells) if (other !== cell) other.chart.pointAt(time);
    this.isPointing = false;
  }

  private activate(cell: Cell): void {
    if (cell === this.active) return;
    this.active = cell;
    this.cells.forEach((other) => (other.isActive = other === cell));
    this.chosen();
    this.opened();
    this.showHealth();
  }

  private chosen(): void {
    const choices = this.cells.map(({ choice }) => choice);
    this.header.setChoice(this.active.choice);
    this.statusBar.setChoice(this.active.choice);
    const address = new URL(window.location.href);
    writeAddress(address, choices, this.desk.prefs.zone, this.config);
    window.history.replaceState(window.history.state, "", address);
    this.desk.remember({ choices });
    this.showHealth();
  }

  private opened(): void {
    this.showPrice();
    void this.showDay();
  }

  private showPrice(): void {
    const { newest } = this.active.feeder;
    if (newest) this.header.setPrice(newest.close, this.active.chart.decimals);
  }

  private note(tick: Tick): void {
    const drawn = this.live.serverNow();
    afterPaint(() => this.probe.note(tick, drawn, this.live.serverNow()));
  }

  private showHealth(): void {
    const { health, status, feeder } = this.active;
    this.statusBar.setHealth(health, this.age());
    if (status) this.statusBar.setStatus(status, feeder.store.bars.length);
    this.cells.forEach((cell) => cell.showHealth());
  }

  /** What to show beside the dot: how late bars come, or how old the newest is where none come. */
  private age(): number | null {
    const { health, status, latency } = this.active;
    if (health === "live") return latency;
    const isDated = (health === "delayed" || health === "stale") && status?.event;
    return isDated ? this.live.serverNow() - isDated : null;
  }

  private tickClock(): void {
    this.statusBar.tick(this.live.serverNow(), this.active.status?.closes ?? null, this.desk.clock);
    this.showHealth();
  }

  private async showDay(): Promise<void> {
    const { active } = this;
    const { symbol } = active.series;
    const day = await this.history.day(symbol, AbortSignal.timeout(DAY_EVERY)).catch(() => null);
    const { newest } = active.feeder;
    const isCurrent = active === this.active && symbol === active.series.symbol;
    if (day && newest && isCurrent) this.header.setDay(day, newest, active.chart.decimals);
  }

  private setZone(zone: string): void {
    this.desk.remember({ zone });
    this.statusBar.setZone(zone);
    this.cells.forEach((cell) => cell.setClock());
    this.desk.zoned.emit();
    this.chosen();
    this.tickClock();
  }

  private wear(look: Partial<Pick<Prefs, "colours" | "lines">>): void {
    this.desk.remember(look);
    this.paint();
  }

  /** Paint at most once a frame: a colour picker moves faster than that. */
  private paint(): void {
    cancelAnimationFrame(this.repaint);
    this.repaint = requestAnimationFrame(() => {
      const { colours } = this.desk.prefs;
      this.element.style.setProperty("--bull", colours.bullFill);
      this.element.style.setProperty("--bear", colours.bearFill);
      this.cells.forEach((cell) => cell.paint());
      this.desk.painted.emit();
    });
  }

  private makeProbe(): Probe {
    return new Probe(window.location.search, {
      view: () => this.active.chart.view.range(),
      bars: () => this.active.bars,
      pan: (bars) => this.active.chart.view.pan(bars),
    });
  }

  private toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.element.requestFullscreen();
  }
}
