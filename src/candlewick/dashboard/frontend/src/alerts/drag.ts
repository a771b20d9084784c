// Dragging the line of an alert to another price.

import { Grip } from "../chart/grip";
import type { Stage } from "../desk/stage";
import { type Alert, plain } from "./book";

export interface DragActions {
  moved(): void;
  /** The line was let go at another price, as the axis writes it. */
  dropped(id: string, level: string): void;
}

export class LineDrag {
  /** The line that is held, and the price at which it is. */
  held: { readonly id: string; readonly price: number } | null = null;
  private readonly grip: Grip<Alert>;

  constructor(
    private readonly stage: Stage,
    private readonly alerts: () => readonly Alert[],
    actions: DragActions,
  ) {
    this.grip = new Grip<Alert>(stage.chart, "data-over-alert", {
      under: (_, y, reach) => this.under(y, reach),
      moved: ({ id }, _, y) => {
        const price = stage.chart.series.coordinateToPrice(y);
        if (price !== null && price > 0) this.held = { id, price: Number(price.toFixed(stage.chart.decimals)) };
        actions.moved();
      },
      dropped: ({ id }, isDone) => {
        if (isDone && this.held) actions.dropped(id, plain(this.held.price));
        this.held = null;
        actions.moved();
      },
    });
    stage.presses.add(this.grip.tookPress);
  }

  dispose(): void {
    this.grip.dispose();
    this.stage.presses.delete(this.grip.tookPress);
  }

  private under(y: number, reach: number): Alert | undefined {
    const far = ({ level }: Alert) => Math.abs((this.stage.chart.series.priceToCoordinate(Number(level)) ?? Infinity) - y);
    return this.alerts().filter((alert) => far(alert) <= reach).sort((a, b) => far(a) - far(b))[0];
  }
}
