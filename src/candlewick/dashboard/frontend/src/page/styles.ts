// Every style sheet, in the order in which they apply.

import alerts from "../alerts/style.css";
import flow from "../flow/style.css";
import holes from "../holes/style.css";
import lineage from "../lineage/style.css";
import replay from "../replay/style.css";
import base from "../style/base.css";
import chart from "../style/chart.css";
import dialogs from "../style/dialogs.css";
import header from "../style/header.css";
import menus from "../style/menus.css";
import narrow from "../style/narrow.css";
import settings from "../style/settings.css";
import status from "../style/status.css";
import touch from "../style/touch.css";
import watchlist from "../style/watchlist.css";

export const CSS = [base, header, chart, status, menus, dialogs, settings, watchlist, lineage, holes, flow, replay, alerts, narrow, touch].join("\n");
