// Order flow on a chart: footprints, volume profile, large trades, time & sales, and the panel of one bar.

import { Painted } from "../chart/painted";
import { secondsOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";
import { h, icon, ICONS } from "../ui/dom";
import { type Item, Menu } from "../ui/menu";
import { LEGIBLE, type Mode } from "./paint";
import { FlowPanel } from "./panel";
import { VolumeProfile } from "./profile";
import { LargeTrades } from "./large";
import { Sales } from "./sales";
import { FootprintSeries } from "./series";
import { type ProfileOf, readShown, type Shown, writeShown } from "./shown";
import { FlowSource } from "./source";

const CELLS = "M4 5h7v4H4ZM13 5h7v4h-7ZM4 10.5h7v4H4ZM13 10.5h7v4h-7ZM4 16h7v4H4ZM13 16h7v4h-7Z";
/** Room in bars beside the newest footprint: for its neighbour, and a profile. */
const BESIDE = 2.4;
const PHONE = 600;
const MODE_TITLES: Record<Mode, string> = { bidask: "Footprint: bid × ask", delta: "Footprint: delta", volume: "Footprint: volume" };
const PROFILE_TITLES: Record<ProfileOf, string> = {
  visible: "Volume profile: on screen",
  session: "Volume profile: day (UTC)",
  drawn: "Volume profile: between two bars",
};

export class Flow implements Feature {
  private readonly source: FlowSource;
  private readonly profile: VolumeProfile;
  private readonly large: LargeTrades;
  private readonly menu: Menu;
  private readonly button: HTMLButtonElement;
  private readonly painted = new Painted("bottom", () => {});
  private series: FootprintSeries | null = null;
  private opened: { dispose(): void } | null = null;
  private picked: number[] | null = null;
  private readonly unbind: () => void;
  private readonly takesClick = () => this.picked !== null;

  constructor(private readonly stage: Stage) {
    this.source = new FlowSource(stage);
    this.profile = new VolumeProfile(stage, this.source);
    this.large = new LargeTrades(stage, this.source);
    this.menu = new Menu(stage.desk.root, "Order flow", () => this.items());
    const attributes = { type: "button", class: "icon", title: "Order flow", "aria-label": "Order flow", "aria-haspopup": "menu" };
    this.button = h("button", { ...attributes, onclick: () => this.menu.toggle(this.button) }, icon(CELLS));
    stage.slots.header.append(this.button);
    stage.chart.attach(this.painted);
    this.source.changed.on(() => this.painted.refresh());
    stage.painted.on(() => this.painted.refresh());
    stage.chosen.on((choice) => {
      if ("symbol" in choice || "timeframe" in choice) this.closePanel();
      if ("flow" in choice) this.apply();
    });
    stage.opened.on(() => this.apply());
    stage.presses.add(this.takesClick);
    stage.chart.click.on((time) => this.pick(time));
    const isOpen = () => stage.isActive && this.opened !== null;
    this.unbind = stage.desk.keys.bind("Escape", "Close the panel", () => this.closePanel(), isOpen);
    stage.bind("Alt+K", "Footprint on or off", () => this.flip());
    stage.bind("Alt+Y", "Time & sales", () => this.openSales());
    stage.bind("Alt+O", "Order flow of the bar under the crosshair", () => this.openPanel());
  }

  dispose(): void {
    this.stage.presses.delete(this.takesClick);
    this.unbind();
    this.menu.close();
    this.closePanel();
    this.source.stop();
    this.profile.dispose();
    this.large.dispose();
  }

  private get shown(): Shown {
    return readShown(this.stage.choice.flow);
  }

  private items(): Item[] {
    const { shown } = this;
    const modes = Object.entries(MODE_TITLES).map(([mode, title]) => ({
      title,
      isCurrent: shown.mode === mode,
      run: () => this.choose({ mode: shown.mode === mode ? null : (mode as Mode) }),
    }));
    const profiles = Object.entries(PROFILE_TITLES).map(([profile, title]) => ({
      title,
      isCurrent: shown.profile === profile,
      run: () => this.chooseProfile(shown.profile === profile ? null : (profile as ProfileOf)),
    }));
    return [
      ...modes,
      ...profiles,
      { title: "Large trades", isCurrent: shown.large, run: () => this.choose({ large: !shown.large }) },
      { title: "Time & sales", icon: ICONS.table, hint: "Alt+Y", run: () => this.openSales() },
      { title: "Flow of a bar", icon: ICONS.cursor, hint: "Alt+O", run: () => this.openPanel() },
    ];
  }

  private flip(): void {
    this.choose({ mode: this.shown.mode ? null : "bidask" });
  }

  private choose(change: Partial<Shown>): void {
    this.stage.choose({ flow: writeShown({ ...this.shown, ...change }) });
  }

  private chooseProfile(profile: ProfileOf | null): void {
    this.choose({ profile });
    if (profile !== "drawn") return;
    this.picked = [];
    this.stage.desk.toasts.show("Click the first and the last bar of the profile");
  }

  /** Make bars wide enough for their numbers. */
  private widen(mode: Mode): void {
    const scale = this.stage.chart.api.timeScale();
    const width = LEGIBLE[mode] + 12;
    if (scale.options().barSpacing >= width) return;
    const isLive = this.stage.chart.view.isLive();
    scale.applyOptions({ barSpacing: width });
    if (isLive) scale.scrollToPosition(scale.width() < PHONE ? 0.6 : BESIDE, false);
  }

  private apply(): void {
    const { shown, stage } = this;
    const isPossible = secondsOf(stage.series.timeframe) >= 60;
    const needed = shown.mode !== null || shown.profile !== null || shown.large || this.opened !== null;
    if (needed && isPossible) this.source.start();
    else this.source.stop();
    if (shown.mode && isPossible) this.addSeries(shown.mode);
    else this.removeSeries();
    this.button.toggleAttribute("data-on", needed);
    this.profile.show(isPossible ? shown.profile : null);
    this.large.show(shown.large);
    this.painted.refresh();
  }

  private addSeries(mode: Mode): void {
    if (this.series) return;
    this.series = new FootprintSeries(this.stage.chart, (time) => this.source.at(time), () => this.look());
    this.widen(mode);
  }

  private removeSeries(): void {
    this.series?.remove();
    this.series = null;
  }

  private look() {
    const { palette, prefs } = this.stage.desk;
    return { palette, colours: prefs.colours, mode: this.shown.mode ?? "bidask" };
  }

  private pick(time: number | null): void {
    if (this.picked === null || time === null) return;
    this.picked.push(time);
    if (this.picked.length < 2) return;
    const [first, last] = [this.picked[0]!, this.picked[1]!];
    this.profile.drawn = [first, last];
    this.picked = null;
    this.profile.soon();
  }

  private openSales(): void {
    this.openOn("Time & sales", new Sales(this.stage, this.source));
  }

  private openPanel(): void {
    this.openOn("Flow", new FlowPanel(this.stage, this.source));
  }

  private openOn(title: string, view: { readonly element: HTMLElement; dispose(): void }): void {
    const { desk, series } = this.stage;
    desk.panel.open(`${title} · ${series.symbol}`, view.element, () => {
      view.dispose();
      if (this.opened === view) this.opened = null;
      this.apply();
    });
    this.opened = view;
    this.apply();
  }

  private closePanel(): void {
    if (this.opened) this.stage.desk.panel.close();
  }
}
