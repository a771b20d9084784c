// Averages, of which indicators are made. Each window is summed afresh rather than kept as a running sum, so that
// rounding errors do not add up over a day of ticks.

import type { Program, Values } from "../chart/program";

/** Arithmetic mean of the last `length` values. */
export function sma(program: Program, source: Values, length: number): Values {
  return program.series((index) => mean(source, index, length));
}

/** Exponential average, weight 2 / (length + 1), starting with the mean of the first `length` values (TradingView). */
export function ema(program: Program, source: Values, length: number): Values {
  return smoothed(program, source, length, 2 / (length + 1));
}

/** Wilder's average: exponential with weight 1 / length (Pine's `ta.rma`). */
export function rma(program: Program, source: Values, length: number): Values {
  return smoothed(program, source, length, 1 / length);
}

/** Mean of the last `length` values with weights 1, 2, … length, the newest heaviest. */
export function wma(program: Program, source: Values, length: number): Values {
  const weights = (length * (length + 1)) / 2;
  return program.series((index) => {
    if (index + 1 < length) return NaN;
    let sum = 0;
    for (let weight = 1; weight <= length; weight++) sum += weight * source[index - length + weight]!;
    return sum / weights;
  });
}

/** Population standard deviation of the last `length` values about their mean (Pine's `ta.stdev`, biased). */
export function deviation(program: Program, source: Values, centre: Values, length: number): Values {
  return program.series((index) => {
    let squares = 0;
    const middle = centre[index]!;
    if (Number.isNaN(middle)) return NaN;
    for (let at = index - length + 1; at <= index; at++) squares += (source[at]! - middle) ** 2;
    return Math.sqrt(squares / length);
  });
}

/** Missing values (NaN) at the beginning delay the start; one in the middle of the series restarts the average. */
function smoothed(program: Program, source: Values, length: number, weight: number): Values {
  return program.series((index, own) => {
    const before = index > 0 ? own[index - 1]! : NaN;
    return Number.isNaN(before) ? mean(source, index, length) : before + weight * (source[index]! - before);
  });
}

function mean(source: Values, index: number, length: number): number {
  if (index + 1 < length) return NaN;
  let sum = 0;
  for (let at = index - length + 1; at <= index; at++) sum += source[at]!;
  return sum / length;
}
