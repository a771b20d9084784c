// The messages that have disappeared, to be read again.

import type { ZoneClock } from "../zone";
import { h } from "./dom";
import { Popover } from "./popover";
import type { Toasts } from "./toasts";

const TIME: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

export class Messages extends Popover {
  constructor(root: HTMLElement, { log }: Toasts, clock: () => ZoneClock) {
    const list = h("ol", { class: "messages", tabindex: 0, autofocus: true, "aria-label": "Messages, the newest first" });
    super(root, "Messages", list);
    this.onOpen = () => {
      const rows = log.map(({ text, level, at }) =>
        h("li", { "data-level": level }, h("time", {}, clock().format(at / 1_000, TIME)), text),
      );
      list.replaceChildren(...(rows.length > 0 ? rows : [h("li", {}, "No message yet")]));
    };
  }
}
