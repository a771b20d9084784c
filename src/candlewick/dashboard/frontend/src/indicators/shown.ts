// One indicator as it is shown: its values, its lines on the chart, its row in the legend.

import { secondsOf } from "../data/timeframes";
import type { Stage } from "../desk/stage";
import { SumsBefore } from "./before";
import { drawn, type Sums, UTC_DAYS } from "./definition";
import { Indicator } from "./indicator";
import type { Chosen } from "./notation";
import { Plot, type Strokes } from "./plot";
import { Row } from "./row";

/** How the reader wants it: colours by output where they are not the default ones. */
export interface OwnLook {
  readonly colours: Readonly<Record<string, string>>;
  readonly strokes: Strokes;
  /** Levels to mark in its pane, where they are not the default ones. */
  readonly guides: readonly number[] | null;
  readonly hidden: boolean;
}

export interface ShownActions {
  changed(): void;
  edit(one: Shown, anchor: Element): void;
  remove(one: Shown): void;
}

const VOLUME_PANE = 1;
const MINUTE = 60;

export class Shown {
  readonly row: Row;
  private readonly indicator: Indicator;
  private readonly plot: Plot;
  private before: SumsBefore | null = null;

  /** `pane` is the pane of the indicator that this one replaces, if it has a pane of its own. */
  constructor(
    private readonly stage: Stage,
    readonly choice: Chosen,
    public look: OwnLook,
    pane: number | undefined,
    private readonly actions: ShownActions,
  ) {
    const { chart } = stage;
    // A session in which the tape itself begins counts from its first trade.
    const before = (time: number) => (stage.feeder.hasOlder ? this.sumsBefore(time) : { money: 0, volume: 0 });
    this.indicator = new Indicator(choice.definition, chart.table, choice.parameters, { ...UTC_DAYS, before });
    const place = { main: 0, volume: VOLUME_PANE, own: pane ?? chart.api.panes().length }[choice.definition.pane];
    const price = (value: number) => chart.priceText(value);
    this.plot = new Plot(chart.api, this.indicator, chart.table.time, place, this.plotLook(), price, () => !chart.fitsBars);
    this.row = new Row(this.indicator, {
      toggle: () => this.wear({ hidden: !this.look.hidden }),
      edit: (anchor) => actions.edit(this, anchor),
      remove: () => actions.remove(this),
    });
    this.paint();
  }

  get pane(): number {
    return this.plot.pane;
  }

  /** The colours of its lines. */
  get lines(): string[] {
    const { theme } = this.stage.desk;
    return drawn(this.choice.definition).map(([name, { colour }]) => this.look.colours[name] ?? colour[theme]);
  }

  update(from: number): void {
    this.plot.update(this.indicator.update(from));
  }

  /** Look otherwise, and remember it. */
  wear(look: Partial<OwnLook>): void {
    this.look = { ...this.look, ...look };
    this.paint();
    this.actions.changed();
  }

  paint(): void {
    this.plot.paint(this.plotLook());
    this.plot.show(!this.look.hidden);
    this.row.paint(this.look.colours, this.stage.desk.theme, this.look.hidden);
  }

  remove(): void {
    this.before?.dispose();
    this.plot.remove();
    this.row.element.remove();
  }

  /** What was traded before the first bar, on bars so short that a page of them does not reach back to midnight. */
  private sumsBefore(time: number): Sums | null {
    const { history, series, chart } = this.stage;
    if (this.choice.parameters["source"] !== "hlc3" || secondsOf(series.timeframe) > MINUTE) return null;
    if (!this.before?.isOf(series)) {
      this.before?.dispose();
      this.before = new SumsBefore(history, series, chart.table, () => this.update(0));
    }
    return this.before.at(time);
  }

  private plotLook() {
    const { theme, palette } = this.stage.desk;
    const { colours, strokes, guides } = this.look;
    return { theme, colours, strokes, guides: guides ?? this.choice.definition.guides, guide: palette.muted };
  }
}
