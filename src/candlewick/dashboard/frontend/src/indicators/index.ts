// Indicators for live charts: see `program.ts` for how they follow ticks and `registry.ts` for the list.

export { BarTable, indexAt, type Columns, type Row } from "../chart/columns";
export type { Definition, History, Pane, Unit } from "./definition";
export { compute, Indicator } from "./indicator";
export { read, write, type Choice } from "./notation";
export { settle, type Given, type Parameter, type Parameters, type Values } from "./parameters";
export { Plot, type Look } from "./plot";
export { points, type Point } from "./points";
export type { Series } from "../chart/program";
export { INDICATORS, indicatorOf } from "./registry";
export { daysOf, UTC_DAYS, type Sessions, type Sums } from "./session";
export { CYCLE, type Output, type Themed } from "./style";
export { sumsOf } from "./vwap";
