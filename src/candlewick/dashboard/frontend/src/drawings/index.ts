// Drawings on the chart: `layer.ts` is what a chart attaches, `shelf.ts` keeps them per symbol; all else is pure.

export { Album } from "./album";
export { Hand, type Pointer } from "./hand";
export { DrawingLayer, type Surroundings } from "./layer";
export { KINDS, type Anchor, type Drawing, type Kind, type Style } from "./model";
export type { Magnet } from "./move";
export { Shelf } from "./shelf";
