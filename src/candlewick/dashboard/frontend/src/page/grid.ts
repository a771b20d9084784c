// The charts of the page: one, two or four, one of them active, with one crosshair for all.

import type { History } from "../data/history";
import type { Status, Tick } from "../data/live";
import type { Desk } from "../desk/desk";
import { Signal } from "../signal";
import type { Choice } from "../state/choice";
import { h } from "../ui/dom";
import { Cell } from "./cell";

export class Grid {
  readonly element = h("div", { class: "grid" });
  /** A chart was made: its slots are to be put on the page. */
  readonly made = new Signal<Cell>();
  /** The reader chose something to see, or another chart to act on. */
  readonly chosen = new Signal();
  /** What happens in the active chart. */
  readonly opened = new Signal();
  readonly drawn = new Signal();
  readonly heard = new Signal<Status>();
  readonly ticked = new Signal<Tick>();

  readonly cells: Cell[] = [];
  private current!: Cell;
  private isPointing = false;

  constructor(
    private readonly desk: Desk,
    private readonly history: History,
  ) {}

  /** The chart that keys and the header act on. */
  get active(): Cell {
    return this.current;
  }

  get choices(): Choice[] {
    return this.cells.map(({ choice }) => choice);
  }

  /** Show the first charts. */
  open(choices: readonly Choice[]): void {
    choices.forEach((choice) => this.add(choice));
    this.element.dataset.count = String(this.cells.length);
    this.activate(this.cells[0]!);
  }

  dispose(): void {
    this.cells.forEach((cell) => cell.dispose());
  }

  /** Show this many charts. A new one shows the next symbol, with the active chart's timeframe, type and indicators. */
  setCount(count: number): void {
    const { symbols } = this.desk.config;
    while (this.cells.length > count) this.cells.pop()!.dispose();
    while (this.cells.length < count) {
      const next = (symbols.indexOf(this.active.choice.symbol) + this.cells.length) % symbols.length;
      this.add({ ...this.active.choice, symbol: symbols[next]!, compare: "" });
    }
    this.element.dataset.count = String(count);
    if (this.cells.includes(this.active)) this.chosen.emit();
    else this.activate(this.cells[0]!);
  }

  /** Show exactly these. */
  show(choices: readonly Choice[]): void {
    this.setCount(choices.length);
    for (const [at, choice] of choices.entries()) {
      const cell = this.cells[at]!;
      const changed = (Object.keys(choice) as (keyof Choice)[]).filter((key) => choice[key] !== cell.choice[key]);
      if (changed.length > 0) cell.choose(Object.fromEntries(changed.map((key) => [key, choice[key]])));
    }
  }

  private add(choice: Choice): void {
    const cell = new Cell(this.desk, this.history, choice);
    this.cells.push(cell);
    this.element.append(cell.element);
    this.made.emit(cell);
    cell.element.addEventListener("pointerdown", () => this.activate(cell), { capture: true });
    cell.crosshair.on((time) => this.pointAll(cell, time));
    cell.chosen.on(() => this.chosen.emit());
    cell.opened.on(() => cell === this.active && this.opened.emit());
    cell.drawn.on(() => cell === this.active && this.drawn.emit());
    cell.heard.on((status) => cell === this.active && this.heard.emit(status));
    cell.ticked.on((tick) => cell === this.active && this.ticked.emit(tick));
  }

  private activate(cell: Cell): void {
    if (cell === this.current) return;
    this.current = cell;
    this.cells.forEach((other) => (other.isActive = other === cell));
    this.chosen.emit();
    this.opened.emit();
  }

  /** Move the crosshairs of the other charts along with one chart's; what that causes in them is not passed on. */
  private pointAll(cell: Cell, time: number | null): void {
    if (this.isPointing) return;
    this.isPointing = true;
    for (const other of this.cells) if (other !== cell) other.chart.pointAt(time);
    this.isPointing = false;
  }
}
