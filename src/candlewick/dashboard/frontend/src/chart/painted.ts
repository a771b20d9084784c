// Something painted over or under the bars of the main series, in CSS pixels of its pane.

import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  Time,
} from "lightweight-charts";
import type { Viewport } from "./viewport";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export class Painted implements ISeriesPrimitive<Time> {
  private update: (() => void) | null = null;
  private readonly views: readonly IPrimitivePaneView[];

  constructor(zOrder: PrimitivePaneViewZOrder, paint: (context: CanvasRenderingContext2D, size: Size) => void) {
    const draw = (target: Target) =>
      target.useMediaCoordinateSpace(({ context, mediaSize }) => {
        context.save();
        paint(context, mediaSize);
        context.restore();
      });
    const renderer: IPrimitivePaneRenderer = { draw };
    this.views = [{ zOrder: () => zOrder, renderer: () => renderer }];
  }

  attached({ requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.update = requestUpdate;
  }

  detached(): void {
    this.update = null;
  }

  /** Paint again with the next frame. */
  refresh(): void {
    this.update?.();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }
}

/** The place of a bar position in px from the left. It may be a fraction, which the chart library does not take. */
export function place(view: Viewport, position: number): number {
  const whole = Math.floor(position);
  const left = view.x(whole);
  return left + (position - whole) * (view.x(whole + 1) - left);
}
