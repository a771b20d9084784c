// The terminal: the bars above and below, and between them one chart or a grid of them.

import type { Config } from "../data/config";
import type { Health } from "../data/health";
import { History } from "../data/history";
import { Live, type Tick } from "../data/live";
import { Desk } from "../desk/desk";
import { type Choice, defaultChoice, readAddress, writeAddress } from "../state/choice";
import { Keyboard } from "../state/keys";
import { LayoutBook } from "../state/layouts";
import { followPrefs, leaveZone, readPrefs, type ThemeChoice } from "../state/prefs";
import type { ThemeName } from "../style/theme";
import { h } from "../ui/dom";
import { GoTo } from "../ui/goto";
import { Header } from "../ui/header";
import { Help } from "../ui/help";
import type { Menu } from "../ui/menu";
import { Messages } from "../ui/messages";
import { SidePanel } from "../ui/panel";
import { Popover } from "../ui/popover";
import { SavedMenu } from "../ui/saved";
import { Search } from "../ui/search";
import { Settings } from "../ui/settings";
import { StatusBar } from "../ui/status";
import { TimeframeMenu } from "../ui/timeframes";
import { Toasts } from "../ui/toasts";
import { ZoneMenu } from "../ui/zones";
import { isZone } from "../zone";
import type { Cell } from "./cell";
import { bindCommands } from "./commands";
import { DayNumbers } from "./day";
import { afterPaint, Probe } from "./debug";
import { Grid } from "./grid";
import { layoutMenu } from "./layouts";
import { contentOf, load } from "./saving";
import { pagesButton } from "./pages";
import { CSS } from "./styles";
import { Wardrobe } from "./wardrobe";
import { Watchlist } from "./watchlist";

/** In these states the age of the newest trade is told. */
const DATED: ReadonlySet<Health> = new Set<Health>(["live", "quiet", "incomplete", "delayed", "away", "settled", "stale"]);
const CLOCK_EVERY = 250;

/** What the page around the terminal does for it. */
export interface Host {
  /** Whether the page has a main part besides the terminal. */
  readonly hasMain: boolean;
  /** The theme that the reader chose last. */
  themeChoice(): ThemeChoice;
  /** Apply a theme to the whole page, not only to the chart. */
  chooseTheme(choice: ThemeChoice): void;
  /** Lead to another of the site's pages, where there are any. */
  open(path: string): void;
  /** Hear of the zone in which times are shown: an IANA name, or `browser`. */
  zoned(zone: string): void;
}

export class Terminal {
  readonly element = h("div", { class: "terminal" });
  readonly desk: Desk;

  private readonly header: Header;
  private readonly statusBar: StatusBar;
  private readonly settings: Settings;
  private readonly search: Search;
  private readonly zones: ZoneMenu;
  private readonly timeframes: TimeframeMenu;
  private readonly layouts: Menu;
  private readonly goTo: GoTo;
  private readonly help: Help;
  private readonly messages: Messages;
  private readonly watchlist: Watchlist;
  private readonly rail = h("nav", { class: "rail", "aria-label": "Drawing" });
  private readonly grid: Grid;
  private readonly wardrobe: Wardrobe;
  private readonly live: Live;
  private readonly history: History;
  private readonly keys: Keyboard;
  private readonly probe: Probe;
  private readonly day: DayNumbers;
  private readonly timer: number;
  private readonly endings: (() => void)[];
  private known: readonly Choice[] = [];

  constructor(
    private readonly config: Config,
    theme: ThemeName,
    private readonly host: Host,
  ) {
    const address = readAddress(window.location.search, config);
    const prefs = readPrefs(config);
    if (address.zone && (address.zone === "browser" || isZone(address.zone))) prefs.zone = address.zone;
    this.live = new Live(config.base, config.ready);
    this.history = new History(config.base);
    this.keys = new Keyboard(() => !Popover.isAnyOpen && this.element.checkVisibility({ visibilityProperty: true }));
    this.desk = new Desk(config, prefs, this.live, this.keys, this.element, new SidePanel(), new Toasts(), theme);
    const book = new LayoutBook(config.base);
    this.header = this.makeHeader();
    this.watchlist = new Watchlist(this.desk, (symbol) => this.active.choose({ symbol }), (isOpen) => this.header.setWatchlist(isOpen), book);
    this.settings = this.makeSettings();
    this.statusBar = new StatusBar({
      chooseZone: (anchor) => this.zones.toggle(anchor),
      choose: (choice) => this.active.choose(choice),
      fit: () => this.active.fit(),
      showMessages: (anchor) => this.messages.toggle(anchor),
      help: () => this.help.toggle(),
    });
    const { element, desk } = this;
    this.search = new Search(element, config, (choice) => this.active.choose(choice));
    this.zones = new ZoneMenu(element, () => prefs.zone, (zone) => this.setZone(zone));
    this.timeframes = new TimeframeMenu(element, config.timeframes, {
      current: () => this.active.choice.timeframe,
      favourites: () => this.favourites,
      choose: (timeframe) => this.active.choose({ timeframe }),
      keep: (favourites) => this.setFavourites(favourites),
    });
    const saved = new SavedMenu(element, book, {
      content: (kind) => contentOf(kind, this.grid, desk),
      load: (kind, content) => load(kind, content, this.grid, desk, { wear: (look) => this.wardrobe.wear(look), setZone: (zone) => this.setZone(zone) }),
      refused: (why) => desk.toasts.show(why, "bad"),
    });
    this.layouts = layoutMenu(element, () => this.grid, () => saved.open(this.header.layoutButton));
    const now = () => this.live.serverNow() / 1_000;
    this.goTo = new GoTo(element, () => desk.clock, now, (time) => void this.active.goTo(time));
    this.help = new Help(this.keys);
    this.messages = new Messages(element, desk.toasts, () => desk.clock);
    this.grid = new Grid(desk, this.history);
    this.wardrobe = new Wardrobe(desk, this.grid);
    this.day = new DayNumbers(this.header, this.history, this.live, () => this.active);
    this.fill();
    this.bindKeys();
    this.follow();
    const given = address.choices.length > 0 ? address.choices : prefs.choices;
    this.grid.open((given.length > 0 ? given : [{}]).map((choice) => ({ ...defaultChoice(config), ...choice })));
    this.probe = this.makeProbe();
    this.endings = [
      this.live.connection.on(() => this.showHealth()),
      followPrefs(() => this.takeLook()),
      () => this.keys.dispose(),
      () => this.day.dispose(),
      () => this.watchlist.dispose(),
    ];
    this.dress(theme);
    this.tellZone();
    this.timer = window.setInterval(() => this.tickClock(), CLOCK_EVERY);
  }

  dispose(): void {
    window.clearInterval(this.timer);
    this.endings.forEach((end) => end());
    this.wardrobe.dispose();
    this.grid.dispose();
    this.live.dispose();
    this.element.remove();
  }

  /** Apply the theme that the page has already. */
  setTheme(theme: ThemeName): void {
    if (theme !== this.desk.theme) this.dress(theme);
  }

  private dress(theme: ThemeName): void {
    this.wardrobe.dress(theme);
    this.header.setTheme(theme);
  }

  /** Wear what was chosen in another tab. */
  private takeLook(): void {
    this.wardrobe.follow();
    this.header.setTimeframes(this.favourites);
  }

  private makeHeader(): Header {
    return new Header(this.config, {
      open: (choice) => this.active.choose(choice),
      search: (anchor) => this.search.begin(anchor, ""),
      chooseTimeframe: (anchor) => this.timeframes.toggle(anchor),
      toggleWatchlist: () => this.watchlist.show(!this.watchlist.isOpen),
      toggleTools: () => this.rail.toggleAttribute("data-open"),
      arrange: (anchor) => this.layouts.toggle(anchor),
      flipTheme: () => this.host.chooseTheme(this.desk.theme === "dark" ? "light" : "dark"),
      toggleSettings: (anchor) => this.settings.toggle(anchor),
      toggleFullscreen: () => this.toggleFullscreen(),
    });
  }

  private makeSettings(): Settings {
    const { base, version } = this.config;
    return new Settings(this.element, `${base}/chart/assets/THIRD_PARTY_NOTICES.txt`, version, {
      setLines: (lines) => this.wardrobe.wear({ lines }),
      setDays: (days) => this.wardrobe.wear({ days }),
      setColours: (colours) => this.wardrobe.wear({ colours }),
      look: () => ({ ...this.desk.prefs, theme: this.host.themeChoice() }),
      setTheme: (choice) => this.host.chooseTheme(choice),
    });
  }

  private fill(): void {
    const { panel, toasts } = this.desk;
    const { pages } = this.config;
    if (pages) this.header.element.prepend(pagesButton(this.element, pages, (path) => this.host.open(path)));
    const stage = h(this.host.hasMain ? "div" : "main", { class: "stage" }, this.rail, this.grid.element, this.watchlist.element, panel.element);
    this.element.append(
      h("style", {}, CSS),
      this.header.element,
      stage,
      this.statusBar.element,
      this.help.element,
      toasts.element,
    );
    this.statusBar.setZone(this.desk.prefs.zone);
    this.header.setTimeframes(this.favourites);
  }

  private bindKeys(): void {
    bindCommands(this.keys, {
      active: () => this.active,
      search: (typed) => this.search.begin(this.header.symbolButton, typed),
      goTo: () => this.goTo.open(this.header.symbolButton),
      help: () => this.help.toggle(),
      fullscreen: () => this.toggleFullscreen(),
      undo: () => void this.desk.steps.undo(),
      redo: () => void this.desk.steps.redo(),
    });
  }

  private get active(): Cell {
    return this.grid.active;
  }

  private follow(): void {
    this.grid.made.on(({ slots }) => {
      this.header.tools.append(slots.header);
      this.header.icons.prepend(slots.icons);
      this.rail.append(slots.rail);
    });
    this.grid.chosen.on(() => this.chosen());
    this.grid.opened.on(() => this.opened());
    this.grid.drawn.on(() => this.showPrice());
    this.grid.heard.on(() => this.showHealth());
    this.grid.ticked.on((tick) => this.note(tick));
  }

  private chosen(): void {
    const { choices } = this.grid;
    this.noteStep(choices);
    this.header.setChoice(this.active.choice);
    this.statusBar.setChoice(this.active.choice);
    this.watchlist.mark(this.active.choice.symbol);
    const address = new URL(window.location.href);
    writeAddress(address, choices, this.desk.prefs.zone, this.config);
    window.history.replaceState(window.history.state, "", address);
    this.desk.remember({ choices });
    this.showHealth();
  }

  /** What the charts show is a step where it changed. */
  private noteStep(now: readonly Choice[]): void {
    const before = this.known;
    this.known = now;
    if (before.length === 0 || JSON.stringify(before) === JSON.stringify(now)) return;
    this.desk.steps.push({ undo: () => this.grid.show(before), redo: () => this.grid.show(now) });
  }

  private opened(): void {
    this.showPrice();
    void this.day.show();
  }

  private showPrice(): void {
    const { newest } = this.active.feeder;
    if (newest) this.header.setPrice(newest, this.active.chart.decimals);
  }

  private note(tick: Tick): void {
    const drawn = this.live.serverNow();
    afterPaint(() => this.probe.note(tick, drawn, this.live.serverNow()));
  }

  private showHealth(): void {
    const { health, status, feeder, freshness } = this.active;
    this.statusBar.setHealth(health, DATED.has(health) ? freshness.shown(this.live.serverNow()) : null);
    if (status) this.statusBar.setStatus(status, feeder.store.bars.length);
    this.grid.cells.forEach((cell) => cell.showHealth());
  }

  private tickClock(): void {
    const { status, isHeld } = this.active;
    this.statusBar.tick(this.live.serverNow(), isHeld ? null : (status?.closes ?? null), this.desk.clock);
    this.statusBar.setFitted(this.active.chart.isFitted());
    this.showHealth();
  }

  private setZone(zone: string): void {
    const before = this.desk.prefs.zone;
    if (zone !== before) this.desk.steps.push({ undo: () => this.setZone(before), redo: () => this.setZone(zone) });
    this.desk.remember({ zone });
    this.tellZone();
    this.statusBar.setZone(zone);
    this.grid.cells.forEach((cell) => cell.setClock());
    this.desk.zoned.emit();
    this.chosen();
    this.tickClock();
  }

  private tellZone(): void {
    leaveZone(this.desk.prefs.zone, this.config.base);
    this.host.zoned(this.desk.prefs.zone);
  }

  private get favourites(): readonly string[] {
    return this.desk.prefs.favourites ?? this.config.timeframes;
  }

  private setFavourites(favourites: string[]): void {
    const before = [...this.favourites];
    this.desk.steps.push({ undo: () => this.setFavourites(before), redo: () => this.setFavourites(favourites) });
    this.desk.remember({ favourites });
    this.header.setTimeframes(favourites);
  }

  private makeProbe(): Probe {
    return new Probe(window.location.search, {
      view: () => this.active.chart.view.range(),
      bars: () => this.active.bars,
      pan: (bars) => this.active.chart.view.pan(bars),
      label: (time) => this.active.chart.instantText(time),
    });
  }

  private toggleFullscreen(): void {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.element.requestFullscreen();
  }
}
