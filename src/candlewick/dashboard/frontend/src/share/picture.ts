// A picture of the chart with its title and its legend written over it, as on the screen.

import { FONT } from "../chart/chrome";
import type { Stage } from "../desk/stage";

const LINE = 20;
const LEFT = 12;

/** Paint the chart as it is now; the canvas is in device pixels. */
export function pictureOf(stage: Stage): HTMLCanvasElement {
  const canvas = stage.chart.api.takeScreenshot(true, false);
  const ratio = canvas.width / stage.chart.api.chartElement().clientWidth;
  const context = canvas.getContext("2d")!;
  const { strong, muted } = stage.desk.palette;
  context.scale(ratio, ratio);
  context.textBaseline = "top";
  const write = (text: string, line: number, colour: string, size: number, weight = 400) => {
    context.font = `${weight} ${size}px ${FONT}`;
    context.fillStyle = colour;
    context.fillText(text, LEFT, 12 + line * LINE);
  };
  const { symbol, timeframe } = stage.series;
  const now = stage.desk.live.serverNow() / 1_000;
  const taken = stage.desk.clock.format(now, { dateStyle: "medium", timeStyle: "medium" });
  write(`${symbol} · ${timeframe}`, 0, strong, 15, 650);
  write(`Candlewick, ${taken} ${stage.desk.clock.zone}${stage.config.demo ? " (demo)" : ""}`, 1, muted, 12);
  const rows = ([...stage.slots.legend.children] as HTMLElement[]).map((row) => row.innerText.replaceAll("\n", "  "));
  rows.filter((row) => row !== "").forEach((row, at) => write(row, at + 2, muted, 12));
  return canvas;
}

/** Save a file from the browser. */
export function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // By the next task the browser has begun to read it.
  window.setTimeout(() => URL.revokeObjectURL(address), 0);
}
