// Every feature of the chart, in the order in which they are made.

import { Alerts } from "../alerts/feature";
import { Compare } from "../compare/feature";
import type { FeatureMaker } from "../desk/stage";
import { Drawings } from "../drawings/feature";
import { Flow } from "../flow/feature";
import { Holes } from "../holes/feature";
import { Indicators } from "../indicators/feature";
import { LineagePanel } from "../lineage/feature";
import { Replay } from "../replay/feature";
import { share } from "../share/feature";
import { contextMenu } from "./contextmenu";
import { timeLeft } from "./countdown";
import { DataWindow } from "./datawindow";
import { dayBreaks } from "./daybreaks";
import { Selection } from "./selection";
import { typeMenu } from "./typemenu";

export const FEATURES: readonly FeatureMaker[] = [
  typeMenu,
  timeLeft,
  (stage) => new Indicators(stage),
  (stage) => new Compare(stage),
  (stage) => new Drawings(stage),
  (stage) => new Flow(stage),
  (stage) => new Holes(stage),
  (stage) => new LineagePanel(stage),
  (stage) => new Replay(stage),
  (stage) => new Alerts(stage),
  share,
  dayBreaks,
  (stage) => new DataWindow(stage),
  (stage) => new Selection(stage),
  contextMenu,
];
