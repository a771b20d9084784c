// Drawings on one chart: the rail of tools, the keys, and the shelf on which a symbol's drawings are kept.

import { secondsOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";
import { h, icon, iconButton, ICONS } from "../ui/dom";
import { Album } from "./album";
import { changes } from "./carried";
import { shareKeeper } from "./keepers";
import { DrawingLayer } from "./layer";
import type { Keeper } from "./keeper";
import { type Drawing, type Kind, KINDS } from "./model";
import { DrawingToolbar } from "./toolbar";

/** The keys of those that have one. */
const TOOLS: Partial<Record<Kind, string>> = {
  trend: "Alt+T",
  horizontal: "Alt+H",
  vertical: "Alt+V",
  fibonacci: "Alt+F",
  measure: "Alt+M",
};

export class Drawings implements Feature {
  private readonly layer: DrawingLayer;
  private readonly keeper: Keeper;
  private readonly buttons = new Map<Kind | null, HTMLButtonElement>();
  private readonly magnet: HTMLButtonElement;
  private readonly hide: HTMLButtonElement;
  private readonly toolbar: DrawingToolbar;
  private readonly endings: (() => void)[];
  private symbol = "";

  constructor(private readonly stage: Stage) {
    const { chart, desk, slots } = stage;
    const [keeper, leave] = shareKeeper(desk);
    this.keeper = keeper;
    const around = {
      bars: chart.table,
      spacing: () => secondsOf(stage.choice.timeframe),
      decimals: () => chart.decimals,
      timeText: (time: number) => chart.instantText(time),
      newId: () => `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`,
    };
    const pages = {
      load: (symbol: string) => this.keeper.shelf.load(symbol),
      save: (symbol: string, drawings: readonly Drawing[]) => this.keep(symbol, drawings),
    };
    this.layer = new DrawingLayer(around, new Album([], desk.steps, pages));
    chart.attach(this.layer);
    this.magnet = iconButton("Magnet: draw to a bar's prices", ICONS.magnet, () => this.pull());
    this.hide = iconButton("Hide drawings", ICONS.eye, () => this.hideAll());
    const clear = iconButton("Delete all drawings", ICONS.trash, () => this.clear());
    this.toolbar = new DrawingToolbar((id, drawing) => this.change(id, drawing));
    slots.rail.append(...this.tools(), h("hr"), this.magnet, this.hide, clear);
    slots.overlay.append(this.toolbar.element);
    this.layer.onTouch = () => this.show();
    this.layer.album.onChange = () => this.layer.refresh();
    stage.presses.add(() => this.layer.tookPress);
    stage.opened.on(({ symbol }) => this.open(symbol));
    const take = (event: KeyboardEvent) => this.key(event);
    const follow = (event: StorageEvent) => event.key?.endsWith(`.${this.symbol}`) && this.load();
    desk.keys.takers.add(take);
    window.addEventListener("storage", follow);
    this.endings = [
      leave,
      () => desk.keys.takers.delete(take),
      () => window.removeEventListener("storage", follow),
      changes.on(({ symbol, by }) => symbol === this.symbol && by !== this && this.load()),
      keeper.came.on((symbol) => symbol === this.symbol && this.load()),
    ];
    this.show();
  }

  dispose(): void {
    this.endings.forEach((end) => end());
    this.stage.chart.detach(this.layer);
  }

  private tools(): HTMLElement[] {
    const choose = (kind: Kind | null) => this.take(kind);
    this.buttons.set(null, iconButton("Cursor (Esc)", ICONS.cursor, () => choose(null)));
    for (const [kind, { title }] of Object.entries(KINDS) as [Kind, { title: string }][]) {
      const keys = TOOLS[kind];
      this.buttons.set(kind, iconButton(keys ? `${title} (${keys})` : title, ICONS[kind], () => choose(kind)));
      if (keys) this.stage.bind(keys, title, () => choose(kind));
    }
    return [...this.buttons.values()];
  }

  private take(kind: Kind | null): void {
    this.layer.touch(() => {
      this.layer.hand.cancel();
      this.layer.hand.tool = kind;
    });
  }

  private clear(): void {
    this.layer.touch(() => this.layer.album.edit(() => null));
  }

  private open(symbol: string): void {
    if (symbol === this.symbol) return;
    this.symbol = symbol;
    this.layer.touch(() => this.layer.hand.cancel());
    this.load();
    this.keeper.watch(symbol);
  }

  /** Show what is kept. A drawing that is being made or moved stays in the hand. */
  private load(): void {
    this.layer.touch(() => this.layer.album.open(this.keeper.shelf.load(this.symbol), this.symbol));
  }

  private keep(symbol: string, drawings: readonly Drawing[]): void {
    try {
      this.keeper.shelf.save(symbol, drawings);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.stage.desk.toasts.show("The browser's storage is full: this drawing is lost when the page is closed", "warn");
    }
    changes.emit({ symbol, by: this });
  }

  private change(id: string, drawing: Drawing | null): void {
    this.layer.touch(() => (drawing ? this.layer.album.put(drawing) : this.layer.album.remove(id)));
  }

  private pull(): void {
    const { hand } = this.layer;
    this.layer.touch(() => (hand.magnet = hand.magnet === "off" ? "weak" : "off"));
  }

  private hideAll(): void {
    const hidden = !this.areHidden();
    this.layer.touch(() => this.layer.album.edit((drawing) => ({ ...drawing, hidden })));
  }

  private areHidden(): boolean {
    const { drawings } = this.layer.album;
    return drawings.length > 0 && drawings.every(({ hidden }) => hidden);
  }

  /** Keys of the hand: Escape and Delete. With Alt they are meant for others. */
  private key({ key, altKey }: KeyboardEvent): boolean {
    if (!this.stage.isActive || altKey) return false;
    return this.layer.touch(() => this.layer.hand.key(key));
  }

  private show(): void {
    const { hand } = this.layer;
    for (const [kind, button] of this.buttons) button.setAttribute("aria-pressed", String(hand.tool === kind));
    this.magnet.setAttribute("aria-pressed", String(hand.magnet !== "off"));
    this.hide.replaceChildren(icon(this.areHidden() ? ICONS.eyeOff : ICONS.eye));
    this.toolbar.show(hand.isBusy ? undefined : hand.selected);
  }
}
