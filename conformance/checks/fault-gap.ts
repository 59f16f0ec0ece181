// The gap of one fault window, the same way for every check: longest silence on the aimed lane from just before the fault until redundancy.

import { longestGapMs, onLane } from "../checkers/gap.ts";
import type { History } from "../checkers/history.ts";
import type { FaultWindow, Lane } from "./check.ts";

const beforeFaultNs = 500_000_000n; // so that an acknowledgement before the fault is the gap's first edge

export interface FaultGap {
  readonly ops: readonly string[];
  /** Default: the aimed lane. */
  readonly lane?: Lane;
}

/** Longest time between acknowledgements of `ops` on a lane around the fault, ms; null when there were too few. */
export function faultGapMs(history: History, window: FaultWindow, { ops, lane = window.lanes[0] }: FaultGap): number | null {
  const early = window.injectedAtNs - beforeFaultNs;
  return longestGapMs(history, {
    ops,
    ...(lane ? { keys: onLane(lane.tag) } : {}),
    fromNs: early > window.startedAtNs ? early : window.startedAtNs,
    toNs: window.redundantAtNs < window.endedAtNs ? window.redundantAtNs : window.endedAtNs,
  });
}

/** The lane on another shard than the aimed one; undefined where there is none (Sentinel). */
export const witnessLane = (lanes: readonly Lane[]): Lane | undefined =>
  lanes.findLast((lane) => !lane.aimed && lane.shard !== lanes[0]?.shard);
