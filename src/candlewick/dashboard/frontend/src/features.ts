// Every feature of the chart, in the order in which they are made.

import type { FeatureMaker } from "./feature";

export const FEATURES: readonly FeatureMaker[] = [];
