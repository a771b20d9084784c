// A second symbol beside the first: in percent of their value at the left edge of the screen, unless another scale is chosen.

import type { Feature, Stage } from "../desk/stage";
import { Choices, matching } from "../ui/choices";
import { iconButton, ICONS } from "../ui/dom";
import { Popover } from "../ui/popover";
import { Other } from "./other";

export class Compare implements Feature {
  private other: Other | null = null;
  private readonly menu: Popover;

  constructor(private readonly stage: Stage) {
    const others = () => stage.config.symbols.filter((symbol) => symbol !== stage.choice.symbol);
    const choices = new Choices(
      "Compare with",
      (typed) => matching(others().map((symbol) => ({ value: symbol, title: symbol })), typed),
      (symbol) => this.choose(symbol),
      (symbol) => symbol === stage.choice.compare,
    );
    this.menu = new Popover(stage.desk.root, "Compare", choices.element);
    this.menu.onOpen = () => choices.start();
    stage.slots.header.append(iconButton("Compare", ICONS.compare, (button) => this.menu.toggle(button)));
    stage.chosen.on((choice) => ("compare" in choice || "symbol" in choice || "timeframe" in choice) && this.follow());
    this.follow();
  }

  dispose(): void {
    this.menu.close();
    this.other?.dispose();
  }

  private choose(symbol: string): void {
    this.menu.close();
    this.stage.choose({ compare: symbol, scale: "percent" });
  }

  private follow(): void {
    const { compare, symbol } = this.stage.choice;
    this.other?.dispose();
    this.other = null;
    if (compare === symbol) return this.leave();
    if (compare) this.other = new Other(this.stage, compare, () => this.leave());
  }

  private leave(): void {
    this.stage.choose({ compare: "", scale: "auto" });
  }
}
