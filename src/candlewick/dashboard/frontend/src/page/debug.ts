// What tests and benchmarks measure: `window.__candlewick`, present behind `?debug` only.

import type { View } from "../chart/viewport";
import type { Bar } from "../data/bar";
import type { Tick } from "../data/live";

/** When a tick happened, was sent by the server, drawn by the script and painted, in ms of the server's clock. */
export interface Stamp {
  event: number;
  sent: number;
  drawn: number;
  painted: number;
  bytes: number;
  bars: number;
}

interface Hook {
  mounts: number;
  ticks: Stamp[];
  view(): View | null;
  bars(): readonly Bar[];
  pan(bars: number): void;
  /** The crosshair's label of an instant, in s. */
  label(time: number): string;
}

declare global {
  interface Window {
    __candlewick?: Hook;
  }
}

const MOST_TICKS = 20_000;
let mounts = 0;

export class Probe {
  private readonly hook: Hook | null;

  constructor(search: string, see: Omit<Hook, "mounts" | "ticks">) {
    mounts += 1;
    this.hook = new URLSearchParams(search).has("debug") ? { mounts, ticks: [], ...see } : null;
    if (this.hook) window.__candlewick = this.hook;
  }

  /** Note a tick that was drawn; `painted` is filled in by the frame that shows it. */
  note(tick: Tick, drawn: number, painted: number): void {
    const { event, sent, bytes, bars } = tick;
    this.hook?.ticks.push({ event, sent, drawn, painted, bytes, bars: bars.length });
    if (this.hook && this.hook.ticks.length > MOST_TICKS) this.hook.ticks.shift();
  }
}

/** Call back once the frame that shows the latest changes has been painted. */
export function afterPaint(callback: () => void): void {
  requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = callback;
    channel.port2.postMessage(null);
  });
}
