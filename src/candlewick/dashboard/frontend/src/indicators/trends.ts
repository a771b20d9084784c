// Indicators that tell a trend, or where it would break: SuperTrend, Keltner's and Donchian's channels, Ichimoku, ADX.

import type { Values } from "../chart/program";
import { ema, rma } from "./averages";
import { define, memory } from "./definition";
import { length, price, sourceOf } from "./parameters";
import { atr, highest, lowest, trueRange } from "./ranges";
import { AMBER, BLUE, CRIMSON, hidden, line, ORANGE, TEAL, VIOLET } from "./style";

/**
 * A stop that follows the price at some average true ranges, and changes sides where the close passes it
 * (`ta.supertrend`). `direction` is 1 in a rising trend, −1 in a falling one.
 */
export const SUPERTREND = define({
  id: "supertrend",
  title: "SuperTrend",
  short: "SuperTrend",
  pane: "main",
  unit: "price",
  parameters: {
    length: length("ATR length", 10),
    factor: { kind: "number", title: "Factor", fallback: 3, min: 0.1, max: 50, step: 0.1 },
  },
  outputs: {
    supertrend: line("SuperTrend", TEAL, 2, (index, { direction }) => (direction![index]! > 0 ? TEAL : CRIMSON)),
    direction: hidden("Direction"),
  },
  guides: [],
  // A stop may be as old as the trend.
  history: () => "all",
  build: (program, bars, { length, factor }) => {
    const { high, low, close } = bars;
    const range = atr(program, bars, length);
    const stop = (sign: 1 | -1) =>
      program.series((i, own) => {
        const fresh = (high[i]! + low[i]!) / 2 + sign * factor * range[i]!;
        const before = i > 0 ? own[i - 1]! : NaN;
        const isTighter = sign > 0 ? fresh < before : fresh > before;
        const isPassed = sign > 0 ? close[i - 1]! > before : close[i - 1]! < before;
        return Number.isNaN(before) || isTighter || isPassed ? fresh : before;
      });
    const [above, below] = [stop(1), stop(-1)];
    const direction = program.series((i, own) => {
      if (Number.isNaN(range[i]!)) return NaN;
      if (i === 0 || Number.isNaN(range[i - 1]!)) return -1;
      return own[i - 1]! < 0 ? (close[i]! > above[i]! ? 1 : -1) : close[i]! < below[i]! ? -1 : 1;
    });
    return { supertrend: program.series((i) => (direction[i]! > 0 ? below[i]! : above[i]!) + 0 * direction[i]!), direction };
  },
});

/** An exponential average, and bands some average true ranges above and below it (TradingView's Keltner Channels). */
export const KELTNER = define({
  id: "keltner",
  title: "Keltner Channels",
  short: "KC",
  pane: "main",
  unit: "price",
  parameters: {
    length: length("Length", 20),
    factor: { kind: "number", title: "Factor", fallback: 2, min: 0.1, max: 50, step: 0.1 },
    ranges: length("ATR length", 10),
    source: price("close"),
  },
  outputs: { upper: line("Upper", BLUE), lower: line("Lower", BLUE), basis: line("Basis", AMBER) },
  guides: [],
  band: ["upper", "lower"],
  history: ({ length, ranges }) => Math.max(length + memory(2 / (length + 1)), ranges + memory(1 / ranges)),
  build: (program, bars, { length, factor, ranges, source }) => {
    const basis = ema(program, sourceOf(program, bars, source), length);
    const range = atr(program, bars, ranges);
    return {
      upper: program.series((i) => basis[i]! + factor * range[i]!),
      lower: program.series((i) => basis[i]! - factor * range[i]!),
      basis,
    };
  },
});

/** The highest high and the lowest low of the last `length` bars, and their middle. */
export const DONCHIAN = define({
  id: "donchian",
  title: "Donchian Channels",
  short: "DC",
  pane: "main",
  unit: "price",
  parameters: { length: length("Length", 20) },
  outputs: { upper: line("Upper", BLUE), lower: line("Lower", BLUE), basis: line("Basis", ORANGE) },
  guides: [],
  band: ["upper", "lower"],
  history: ({ length }) => length - 1,
  build: (program, { high, low }, { length }) => {
    const [upper, lower] = [highest(program, high, length), lowest(program, low, length)];
    return { upper, lower, basis: program.series((i) => (upper[i]! + lower[i]!) / 2) };
  },
});

/**
 * Middles of three channels, two of them moved forward by `shift` bars less one as a cloud, and the close moved back as
 * far (TradingView's Ichimoku Cloud). The part of the cloud beyond the newest bar is not drawn.
 */
export const ICHIMOKU = define({
  id: "ichimoku",
  title: "Ichimoku Cloud",
  short: "Ichimoku",
  pane: "main",
  unit: "price",
  parameters: {
    conversion: length("Conversion length", 9),
    base: length("Base length", 26),
    span: length("Leading span length", 52),
    shift: length("Shift", 26),
  },
  outputs: {
    leadA: line("Leading span A", TEAL),
    leadB: line("Leading span B", CRIMSON),
    lagging: line("Lagging span", VIOLET),
    base: line("Base line", ORANGE),
    conversion: line("Conversion line", BLUE),
  },
  guides: [],
  band: ["leadA", "leadB"],
  history: ({ conversion, base, span, shift }) => Math.max(conversion, base, span) + shift - 2,
  looksAhead: ({ shift }) => shift - 1,
  build: (program, { high, low, close }, values) => {
    const middle = (length: number): Values => {
      const [upper, lower] = [highest(program, high, length), lowest(program, low, length)];
      return program.series((i) => (upper[i]! + lower[i]!) / 2);
    };
    const moved = values.shift - 1;
    const [conversion, base, span] = [middle(values.conversion), middle(values.base), middle(values.span)];
    return {
      leadA: program.series((i) => (i < moved ? NaN : (conversion[i - moved]! + base[i - moved]!) / 2)),
      leadB: program.series((i) => (i < moved ? NaN : span[i - moved]!)),
      lagging: program.series((i) => close[i + moved] ?? NaN),
      base,
      conversion,
    };
  },
});

/**
 * How strong a trend is, whichever its direction, 0..100, with its two directional indicators (`ta.dmi`).
 *
 * Averages start with the mean of their first values, as TradingView's. TA-Lib starts them one bar later, with a sum of
 * one value less; the two agree once the start is forgotten. Where nothing moved the last values stay.
 */
export const ADX = define({
  id: "adx",
  title: "Average Directional Index",
  short: "ADX",
  pane: "own",
  unit: "percent",
  parameters: { length: length("DI length", 14), smoothing: length("ADX smoothing", 14) },
  outputs: { plus: line("+DI", TEAL), minus: line("−DI", CRIMSON), adx: line("ADX", AMBER, 2) },
  guides: [25],
  history: ({ length, smoothing }) => length + smoothing + memory(1 / length) + memory(1 / smoothing),
  build: (program, bars, { length, smoothing }) => {
    const { high, low } = bars;
    const all = trueRange(program, bars);
    const range = rma(program, program.series((i) => (i > 0 ? all[i]! : NaN)), length);
    const moves = (by: (i: number) => number, other: (i: number) => number) =>
      program.series((i) => (i === 0 ? NaN : by(i) > other(i) && by(i) > 0 ? by(i) : 0));
    const up = (i: number) => high[i]! - high[i - 1]!;
    const down = (i: number) => low[i - 1]! - low[i]!;
    const side = (moved: Values) => {
      const mean = rma(program, moved, length);
      return program.series((i, own) => (range[i] === 0 ? (own[i - 1] ?? NaN) : (100 * mean[i]!) / range[i]!));
    };
    const [plus, minus] = [side(moves(up, down)), side(moves(down, up))];
    const apart = program.series((i) => {
      const sum = plus[i]! + minus[i]!;
      return (100 * Math.abs(plus[i]! - minus[i]!)) / (sum === 0 ? 1 : sum);
    });
    return { plus, minus, adx: rma(program, apart, smoothing) };
  },
});
