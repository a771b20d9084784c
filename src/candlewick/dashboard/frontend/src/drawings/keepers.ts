// One keeper for all charts of a page: it follows what they change, and what the server tells.

import type { Desk } from "../desk/desk";
import { storage } from "../state/prefs";
import { changes } from "./carried";
import { type Alone, Keeper } from "./keeper";
import { askAt } from "./server";
import type { Store } from "./shelf";

interface Shared {
  readonly keeper: Keeper;
  readonly endings: readonly (() => void)[];
  charts: number;
}

const shared = new WeakMap<Desk, Shared>();

/** The keeper of a page, and what a chart calls once it no longer needs it. */
export function shareKeeper(desk: Desk): [keeper: Keeper, leave: () => void] {
  const one = shared.get(desk) ?? made(desk);
  shared.set(desk, one);
  one.charts += 1;
  return [one.keeper, () => leave(desk, one)];
}

function leave(desk: Desk, one: Shared): void {
  one.charts -= 1;
  if (one.charts > 0) return;
  one.endings.forEach((end) => end());
  shared.delete(desk);
}

function made({ config, live, toasts }: Desk): Shared {
  const keeper = new Keeper(storage() ?? new Forgetful(), askAt(config.base), alone);
  const endings = [
    changes.on(({ symbol }) => void keeper.sync(symbol)),
    live.drawings.on((change) => keeper.hear(change)),
    live.connection.on((isConnected) => isConnected && keeper.syncAll()),
    keeper.refused.on((why) => toasts.show(`The server does not keep the drawings: ${why}`, "warn")),
  ];
  return { keeper, endings, charts: 0 };
}

/** Browsers give locks to pages of this machine and of HTTPS; elsewhere two tabs may tell the same thing twice. */
const alone: Alone = (name, run) => (navigator.locks ? navigator.locks.request(name, run) : run());

/** Used in place of the browser's storage where it is switched off. */
class Forgetful implements Store {
  private readonly values = new Map<string, string>();

  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }

  removeItem(key: string): void {
    this.values.delete(key);
  }
}
