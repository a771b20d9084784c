// What can be taken from a chart: a picture, the visible bars as a file, a link.

import { secondsOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";
import { h, iconButton, ICONS } from "../ui/dom";
import { Menu } from "../ui/menu";
import { pictureOf, save } from "./picture";

type Format = "csv" | "parquet";

export function share(stage: Stage): Feature {
  const menu = new Menu(stage.desk.root, "Take along", () => [
    { title: "Save picture", icon: ICONS.camera, hint: "Alt+S", run: () => void picture(stage) },
    { title: "Copy link", icon: ICONS.link, run: () => void stage.desk.copy(window.location.href, "Link copied") },
    { title: "Visible bars as CSV", icon: ICONS.table, run: () => bars(stage, "csv") },
    { title: "Visible bars as Parquet", icon: ICONS.table, run: () => bars(stage, "parquet") },
  ]);
  stage.slots.icons.append(iconButton("Picture and export", ICONS.camera, (button) => menu.toggle(button)));
  stage.bind("Alt+S", "Save a picture", () => void picture(stage));
  return { dispose: () => menu.close() };
}

async function picture(stage: Stage): Promise<void> {
  const canvas = pictureOf(stage);
  const content = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!content) return stage.desk.toasts.show("The browser could not make a picture of this size", "bad");
  save(content, `${nameOf(stage)}.png`);
  stage.desk.toasts.show("Picture saved");
}

/** Let the server write the file from the warehouse, with exact decimals and the trade ids of each bar. */
function bars(stage: Stage, format: Format): void {
  const range = stage.chart.view.range();
  const { time } = stage.chart.table;
  if (!range || time.length === 0) return;
  const at = (position: number) => time[Math.min(time.length - 1, Math.max(0, position))]!;
  const { symbol, timeframe } = stage.series;
  const query = new URLSearchParams({
    symbol,
    timeframe,
    since: String(at(Math.ceil(range.from))),
    before: String(at(Math.floor(range.to)) + secondsOf(timeframe)),
    format,
  });
  const link = h("a", { href: `${stage.config.base}/api/export?${query}`, download: `${nameOf(stage)}.${format}` });
  link.click();
}

function nameOf({ series: { symbol, timeframe }, desk }: Stage): string {
  const now = new Date(desk.live.serverNow()).toISOString().slice(0, 19).replaceAll(":", "-");
  return `${symbol}-${timeframe}-${now}`;
}
