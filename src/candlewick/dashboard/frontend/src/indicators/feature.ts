// The indicators of one chart: those that the reader chose are drawn, listed in the legend, and follow the bars.

import type { Feature, Stage } from "../desk/stage";
import { keep, recall } from "../state/prefs";
import { Choices } from "../ui/choices";
import { h, icon, ICONS } from "../ui/dom";
import { Popover } from "../ui/popover";
import { drawn } from "./definition";
import { form } from "./form";
import { type Chosen, read, write } from "./notation";
import { PaneHeights, PaneTops } from "./panes";
import { settle } from "./parameters";
import { searched } from "./search";
import { Shown } from "./shown";
import { CYCLE, type Output } from "./style";

const STORE = "indicators";

export class Indicators implements Feature {
  private shown: Shown[] = [];
  private readonly menu: Popover;
  private readonly dialog: Popover;
  private readonly tops: PaneTops;
  private readonly heights: PaneHeights;
  private readonly paneRows: HTMLElement[] = [];
  private pointed: number | null = null;
  private written: string | null = null;

  constructor(private readonly stage: Stage) {
    const choices = new Choices("Search indicators", searched, (notation) => this.add(notation));
    this.menu = new Popover(stage.desk.root, "Indicators", choices.element);
    this.menu.onOpen = () => choices.start();
    this.dialog = new Popover(stage.desk.root, "Settings of the indicator");
    this.tops = new PaneTops(stage.chart.api, (tops) => this.place(tops));
    this.heights = new PaneHeights(stage.chart.api);
    const open = h(
      "button",
      { type: "button", class: "tool", title: "Indicators (/)", onclick: () => this.menu.toggle(open) },
      icon(ICONS.indicators),
      h("span", { class: "tool-name" }, "Indicators"),
    );
    stage.slots.header.append(open);
    stage.bind("/", "Indicators", () => this.menu.open(open));
    stage.chart.add(this);
    stage.crosshair.on((time) => this.point(time));
    stage.drawn.on(() => this.tell());
    stage.actions.push(({ time }) =>
      time === null ? [] : [{ title: "Volume delta from here (CVD)", icon: ICONS.indicators, run: () => this.add(`cvd(a bar,${time})`) }],
    );
    stage.readings.push((time) => this.read(time));
    stage.painted.on(() => this.shown.forEach((one) => one.paint()));
    stage.chosen.on(({ indicators }) => indicators !== undefined && this.follow(indicators));
    this.follow(stage.choice.indicators);
  }

  dispose(): void {
    this.menu.close();
    this.dialog.close();
    this.tops.dispose();
  }

  /** The bars changed from an index on. */
  update(from: number): void {
    this.shown.forEach((one) => one.update(from));
  }

  /** Draw the indicators that a notation names, unless they are drawn already. */
  private follow(notation: string): void {
    if (notation === this.written) return;
    this.written = notation;
    this.shown.forEach((one) => one.remove());
    this.shown = [];
    read(notation).forEach((choice) => this.show(choice));
    this.arrange();
  }

  private add(notation: string): void {
    read(notation).forEach((choice) => this.show(choice));
    this.arrange();
    this.note();
    this.menu.close();
  }

  private show(choice: Chosen, pane?: number): Shown {
    const one = new Shown(this.stage, choice, this.lookOf(choice), pane, {
      changed: () => this.keepLooks(),
      edit: (one, anchor) => this.edit(one, anchor),
      remove: (one) => this.drop(one),
    });
    this.shown.push(one);
    return one;
  }

  private drop(one: Shown): void {
    one.remove();
    this.shown = this.shown.filter((other) => other !== one);
    this.arrange();
    this.note();
  }

  private edit(one: Shown, anchor: Element): void {
    let now = one;
    const { definition, parameters } = one.choice;
    const element = form(definition, parameters, one.look, this.stage.desk.theme, {
      setParameters: (values) => (now = this.replace(now, { definition, parameters: values })),
      wear: (look) => this.dress(now, look),
      reset: () => {
        now = this.replace(now, { definition, parameters: settle(definition.parameters, {}) });
        now.wear({ colours: {}, strokes: {}, guides: null });
        this.dialog.close();
      },
      remove: () => {
        this.dialog.close();
        this.drop(now);
      },
    });
    this.dialog.element.replaceChildren(element);
    this.dialog.open(anchor);
  }

  /** Change the look of an indicator, which can be undone. */
  private dress(one: Shown, look: Partial<Shown["look"]>): void {
    const key = write([one.choice]);
    const before = one.look;
    const wear = (worn: Partial<Shown["look"]>) => this.shown.find(({ choice }) => write([choice]) === key)?.wear(worn);
    one.wear(look);
    const after = one.look;
    this.stage.desk.steps.push({ undo: () => wear(before), redo: () => wear(after) }, `look of ${key}`);
  }

  /** Replace an indicator by one with other parameters, in the same pane and in the same place of the legend. */
  private replace(old: Shown, choice: Chosen): Shown {
    const index = this.shown.indexOf(old);
    const one = this.show(choice, old.pane);
    one.wear(old.look);
    this.shown.pop();
    this.shown[index] = one;
    old.row.element.replaceWith(one.row.element);
    old.remove();
    this.arrange();
    this.note();
    return one;
  }

  /** Remember what is drawn, and put it into the address. */
  private note(): void {
    this.written = write(this.shown.map(({ choice }) => choice));
    this.stage.choose({ indicators: this.written });
    this.keepLooks();
  }

  private lookOf(choice: Chosen): Shown["look"] {
    const kept = (recall(STORE)[write([choice])] ?? {}) as Partial<Shown["look"]>;
    const colours = { ...this.unlike(choice), ...kept.colours };
    return { colours, strokes: kept.strokes ?? {}, guides: kept.guides ?? null, hidden: kept.hidden === true };
  }

  /** Another colour than the default for an indicator of one line, where a line in its pane has that already. */
  private unlike({ definition }: Chosen): Record<string, string> {
    const { theme } = this.stage.desk;
    const [[name, output], ...others] = drawn(definition) as [[string, Output], ...unknown[]];
    const used = new Set(this.shown.filter((one) => one.choice.definition.pane === definition.pane).flatMap((one) => one.lines));
    if (others.length > 0 || output.shade || !used.has(output.colour[theme])) return {};
    const free = CYCLE.find((colour) => !used.has(colour[theme])) ?? CYCLE[this.shown.length % CYCLE.length]!;
    return { [name]: free[theme] };
  }

  private keepLooks(): void {
    const looks = this.shown.map((one) => [write([one.choice]), one.look]);
    keep(STORE, { ...recall(STORE), ...Object.fromEntries(looks) });
  }

  /** Put each row over its pane: into the legend for the candles' pane, else into rows of its own. */
  private arrange(): void {
    for (const one of this.shown) this.rowsOf(one.pane).append(one.row.element);
    this.heights.apply(this.paneNames());
    this.tops.look();
    this.tell();
  }

  /** The names of the panes from the top. An indicator's own pane is named `rsi.0`, `rsi.1`, … */
  private paneNames(): string[] {
    const own = this.shown.filter(({ choice }) => choice.definition.pane === "own").sort((a, b) => a.pane - b.pane);
    const kinds = own.map(({ choice }) => choice.definition.id);
    return ["price", "volume", ...kinds.map((id, index) => `${id}.${kinds.slice(0, index).filter((kind) => kind === id).length}`)];
  }

  private rowsOf(pane: number): HTMLElement {
    if (pane === 0) return this.stage.slots.legend;
    this.paneRows[pane] ??= this.stage.slots.overlay.appendChild(h("div", { class: "pane-rows" }));
    return this.paneRows[pane];
  }

  private place(tops: readonly number[]): void {
    this.heights.note();
    this.paneRows.forEach((rows, pane) => (rows.style.top = `${(tops[pane] ?? 0) + 4}px`));
    for (const { pane, row } of this.shown) {
      const rows = this.rowsOf(pane);
      if (row.element.parentElement !== rows) rows.append(row.element);
    }
  }

  /** The values of each indicator at a bar. */
  private read(time: number): [string, string][] {
    const { table } = this.stage.chart;
    return this.shown.flatMap(({ row }) => row.read(table.indexAt(time), (value) => this.stage.chart.priceText(value)));
  }

  private point(time: number | null): void {
    this.pointed = time;
    this.tell();
  }

  /** Show the values at the crosshair, or else the newest. */
  private tell(): void {
    const { table } = this.stage.chart;
    const index = this.pointed === null ? table.time.length - 1 : table.indexAt(this.pointed);
    this.shown.forEach((one) => one.row.show(index, (value) => this.stage.chart.priceText(value)));
  }
}
