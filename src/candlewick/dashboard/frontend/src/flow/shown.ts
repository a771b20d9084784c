// What a chart shows of order flow, as its address says it: `bidask,visible,large`. Pure.

import type { Mode } from "./paint";

export const MODES: readonly Mode[] = ["bidask", "delta", "volume"];
export const PROFILES = ["visible", "session", "drawn"] as const;

export type ProfileOf = (typeof PROFILES)[number];

export interface Shown {
  readonly mode: Mode | null;
  readonly profile: ProfileOf | null;
  readonly large: boolean;
}

export function readShown(text: string): Shown {
  const words = text.split(",");
  return {
    mode: MODES.find((mode) => words.includes(mode)) ?? null,
    profile: PROFILES.find((profile) => words.includes(profile)) ?? null,
    large: words.includes("large"),
  };
}

export function writeShown({ mode, profile, large }: Shown): string {
  return [mode, profile, large ? "large" : null].filter((word) => word !== null).join(",");
}
