// Lines between the days of the reader's zone, where the reader wants them and bars are shorter than a day.

import { Painted, place } from "../chart/painted";
import { secondsOf } from "../data/timeframes";
import type { Feature, Stage } from "../desk/stage";

const DAY = 86_400;

export function dayBreaks(stage: Stage): Feature {
  const { chart, desk } = stage;
  const lines = new Painted("bottom", (context, { height }) => {
    if (!desk.prefs.days || secondsOf(stage.series.timeframe) >= DAY) return;
    context.strokeStyle = desk.palette.muted;
    context.globalAlpha = 0.7;
    context.setLineDash([4, 4]);
    for (const index of breaks(stage)) {
      // Between two bars, on a whole pixel.
      const x = Math.round(place(chart.view, index - 0.5)) + 0.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, height);
      context.stroke();
    }
  });
  chart.attach(lines);
  const endings = [stage.painted.on(() => lines.refresh()), desk.zoned.on(() => lines.refresh())];
  return { dispose: () => endings.forEach((end) => end()) };
}

/** The bars on screen with which a day begins. */
function breaks({ chart, desk }: Stage): number[] {
  const { from, to } = chart.view.range() ?? { from: 0, to: -1 };
  const day = (index: number) => Math.floor(desk.clock.wall(chart.table.time[index]!) / DAY);
  const [first, last] = [Math.max(1, Math.floor(from)), Math.min(chart.table.time.length - 1, Math.ceil(to))];
  const found: number[] = [];
  for (let index = first; index <= last; index++) if (day(index) !== day(index - 1)) found.push(index);
  return found;
}
