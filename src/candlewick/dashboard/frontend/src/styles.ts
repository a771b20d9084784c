// Every style sheet, in the order in which they apply.

import base from "./style/base.css";
import chart from "./style/chart.css";
import header from "./style/header.css";
import narrow from "./style/narrow.css";
import settings from "./style/settings.css";
import status from "./style/status.css";

export const CSS = [base, header, chart, status, settings, narrow].join("\n");
