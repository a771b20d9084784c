// The drawings on a chart: the chart library's events and canvas on one side, the hand and its figures on the other.

import type {
  IChartApiBase,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesApi,
  ISeriesPrimitive,
  ISeriesPrimitiveAxisView,
  Logical,
  PrimitiveHoveredItem,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from "lightweight-charts";
import type { Columns } from "../chart/columns";
import { Album } from "./album";
import { figureOf } from "./figures";
import { Hand, type Pointer } from "./hand";
import type { Drawing } from "./model";
import { paint, paintHandles } from "./paint";
import type { View } from "./view";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];
type Chart = IChartApiBase<Time>;
type Main = ISeriesApi<SeriesType, Time>;

/** What the layer reads from its surroundings whenever it needs it. */
export interface Surroundings {
  /** The series' bars, in place. */
  readonly bars: Columns;
  /** Seconds from one bar to the next. */
  spacing(): number;
  /** Decimals of the symbol's prices. */
  decimals(): number;
  /** A time as the crosshair's label writes it. */
  timeText(time: number): string;
  /** An id that no drawing has. */
  newId(): string;
}

/** Attach it to the main series: `series.attachPrimitive(layer)`. While it draws, it keeps the chart from panning. */
export class DrawingLayer implements ISeriesPrimitive<Time> {
  readonly album: Album;
  readonly hand: Hand;
  /** Called when the tool, the selection or the drawings may have changed: to update buttons. */
  onTouch: () => void = () => {};
  /** Whether the last press was the layer's: then a click that follows is not the chart's. */
  tookPress = false;

  private readonly around: Surroundings;
  private attachment: { chart: Chart; series: Main; requestUpdate: () => void } | null = null;
  private scroll: ReturnType<Chart["options"]>["handleScroll"] | null = null;
  private listeners = new AbortController();
  private readonly panes: readonly IPrimitivePaneView[];
  private tags: readonly ISeriesPrimitiveAxisView[] = [];

  constructor(around: Surroundings, album = new Album()) {
    this.around = around;
    this.album = album;
    this.hand = new Hand(this.album, () => around.newId());
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.panes = [{ zOrder: () => "top", renderer: () => renderer }];
  }

  attached({ chart, series, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.attachment = { chart, series, requestUpdate };
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const element = chart.chartElement();
    element.addEventListener("pointerdown", (event) => this.down(event), { signal, capture: true });
    element.addEventListener("touchmove", (event) => this.keepTouch(event), { signal, passive: false });
    const page = element.ownerDocument;
    page.addEventListener("pointermove", (event) => this.move(event), { signal });
    page.addEventListener("pointerup", (event) => this.up(event), { signal });
    page.addEventListener("pointercancel", () => this.touch(() => this.hand.cancel()), { signal });
  }

  detached(): void {
    this.release();
    this.listeners.abort();
    this.attachment = null;
  }

  updateAllViews(): void {
    this.tags = this.hand.shown.filter(({ kind }) => kind === "horizontal").map((drawing) => this.tagOf(drawing));
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.panes;
  }

  priceAxisViews(): readonly ISeriesPrimitiveAxisView[] {
    return this.tags;
  }

  /** Tells the library which drawing is under the pointer, and so which cursor to show. */
  hitTest(): PrimitiveHoveredItem | null {
    const { cursor, hovered } = this.hand;
    if (!cursor) return null;
    return { externalId: hovered ?? "drawing", zOrder: "top", cursorStyle: cursor, distance: 0 };
  }

  /** Change the hand or the album, and show it. */
  touch<Result>(change: () => Result): Result {
    const result = change();
    if (!this.hand.isBusy) this.release();
    this.refresh();
    return result;
  }

  /** Show what was changed in the album by others than the hand. */
  refresh(): void {
    this.updateAllViews();
    this.attachment?.requestUpdate();
    this.onTouch();
  }

  private down(event: PointerEvent): void {
    const [view, pointer] = [this.view(), this.pointerOf(event)];
    const isOnPane = view && pointer && this.pane()?.contains(event.composedPath()[0] as Node);
    this.tookPress = false;
    if (!isOnPane || event.button !== 0) return;
    this.tookPress = this.touch(() => this.hand.down(view, pointer));
    if (this.hand.isBusy) this.hold();
  }

  private move(event: PointerEvent): void {
    const [view, pointer] = [this.view(), this.pointerOf(event)];
    if (!view || !pointer) return;
    const before = this.hand.hovered;
    this.hand.move(view, pointer);
    if (this.hand.isBusy || this.hand.hovered !== before) this.touch(() => {});
  }

  private up(event: PointerEvent): void {
    const [view, pointer] = [this.view(), this.pointerOf(event)];
    if (view && pointer && this.hand.isBusy) this.touch(() => this.hand.up(view, pointer));
  }

  /** A finger that draws must not scroll the page, or the browser takes the pointer away. */
  private keepTouch(event: TouchEvent): void {
    if (this.hand.isBusy && event.cancelable) event.preventDefault();
  }

  /** Keep the chart still while the hand draws. */
  private hold(): void {
    const chart = this.attachment?.chart;
    if (!chart || this.scroll !== null) return;
    // Copied, because the library changes its options in place.
    this.scroll = structuredClone(chart.options().handleScroll);
    chart.applyOptions({ handleScroll: false });
  }

  private release(): void {
    if (this.scroll !== null) this.attachment?.chart.applyOptions({ handleScroll: this.scroll });
    this.scroll = null;
  }

  private draw(target: Target): void {
    const view = this.view();
    if (!view || !this.attachment) return;
    const { layout } = this.attachment.chart.options();
    target.useMediaCoordinateSpace(({ context }) => {
      const ratio = context.getTransform().a;
      const background = "color" in layout.background ? layout.background.color : layout.background.topColor;
      const paper = { context, ratio, font: layout.fontFamily, background };
      for (const drawing of this.hand.shown) {
        const figure = figureOf(drawing, view);
        paint(paper, figure);
        if (this.isHeld(drawing)) paintHandles(paper, figure.handles, drawing.style.colour);
      }
    });
  }

  /** Whether a drawing shows its handles. */
  private isHeld({ id }: Drawing): boolean {
    return id === this.hand.hovered || id === this.hand.selected?.id || (this.hand.isBusy && !this.album.find(id));
  }

  private tagOf({ anchors, style }: Drawing): ISeriesPrimitiveAxisView {
    const price = anchors[0]!.price;
    return {
      coordinate: () => this.attachment?.series.priceToCoordinate(price) ?? -1_000,
      text: () => this.attachment?.series.priceFormatter().format(price) ?? "",
      textColor: () => "#ffffff",
      backColor: () => style.colour,
    };
  }

  private view(): View | null {
    const { bars, spacing, decimals } = this.around;
    if (!this.attachment || bars.time.length === 0) return null;
    const { chart, series } = this.attachment;
    const scale = chart.timeScale();
    const { width, height } = chart.paneSize(series.getPane().paneIndex());
    if (series.coordinateToPrice(0) === null || scale.timeToCoordinate(bars.time[0] as Time) === null) return null;
    return {
      width,
      height,
      bars,
      axis: {
        times: bars.time,
        spacing: spacing(),
        barX: (index) => scale.timeToCoordinate(bars.time[index] as Time) ?? NaN,
        barWidth: scale.logicalToCoordinate(1 as Logical)! - scale.logicalToCoordinate(0 as Logical)!,
      },
      y: (price) => series.priceToCoordinate(price) ?? NaN,
      price: (y) => Number(series.coordinateToPrice(y)?.toFixed(decimals())),
      priceText: (price) => series.priceFormatter().format(price),
      timeText: (time) => this.around.timeText(time),
    };
  }

  private pointerOf(event: PointerEvent): Pointer | null {
    const frame = this.pane()?.getBoundingClientRect();
    if (!frame || !event.isPrimary) return null;
    return {
      at: { x: event.clientX - frame.left, y: event.clientY - frame.top },
      shift: event.shiftKey,
      control: event.ctrlKey || event.metaKey,
      isTouch: event.pointerType === "touch",
    };
  }

  /** The cell of the pane between its two price axes. */
  private pane(): Element | null {
    return this.attachment?.series.getPane().getHTMLElement()?.children[1] ?? null;
  }
}
