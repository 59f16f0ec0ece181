// The gap: the longest time between two acknowledged operations around the fault. Pure.

import { calls, msBetween, type History } from "./history.ts";

export interface GapQuery {
  /** Which operations count as the heartbeat of service, usually the writes. */
  readonly ops: readonly string[];
  /** Only keys for which this holds, e.g. those on the aimed shard. */
  readonly keys?: (key: string) => boolean;
  /** Only what was acknowledged in [fromNs, toNs]. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/**
 * Longest silence in ms; null when fewer than two acknowledgements are in the window. The window's end counts
 * as an edge (a service that never came back has a gap until `toNs`), its start does not.
 */
export function longestGapMs(history: History, query: GapQuery): number | null {
  const acked = calls(history)
    .filter((call) => call.result === "ok" && query.ops.includes(call.invoke.op) && (query.keys?.(call.invoke.key) ?? true))
    .map((call) => call.outcome?.atNs ?? 0n)
    .filter((atNs) => atNs >= query.fromNs && atNs <= query.toNs)
    .toSorted((a, b) => (a < b ? -1 : 1));
  const first = acked[0];
  if (first === undefined || acked.length < 2) return null;
  let longest = 0;
  let previous = first;
  for (const atNs of [...acked.slice(1), query.toNs]) {
    longest = Math.max(longest, msBetween(previous, atNs));
    previous = atNs;
  }
  return longest;
}

/** Whether a key carries the tag `{tag}`. */
export const onLane =
  (tag: string) =>
  (key: string): boolean =>
    key.includes(`{${tag}}`);
