// The state of the chart's data, in one word.

import type { Status } from "./live";

/**
 * live: the feed carries the forming bar. delayed: bars come from the warehouse alone. stale: the newest event is old.
 * waiting: there are no bars yet. lost: there is no connection. replay: the bars on screen are of the past, on purpose.
 */
export type Health = "live" | "delayed" | "stale" | "waiting" | "lost" | "replay";

/** Without an event for this many ms, the newest bar is stale. */
const STALE_AFTER = 60_000;

export function healthOf(isConnected: boolean, status: Status | null, isReplaying = false): Health {
  if (!isConnected) return "lost";
  if (isReplaying) return "replay";
  if (!status || status.source === "waiting") return "waiting";
  if (status.event !== null && status.now - status.event > STALE_AFTER) return "stale";
  return status.source === "feed" ? "live" : "delayed";
}
