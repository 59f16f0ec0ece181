// Whether a history can carry a verdict at all: enough acknowledgements, some on each side of the fault, and a final read. Pure.

import type { Call, History } from "./history.ts";

export interface Coverage {
  readonly startedAtNs: bigint;
  readonly injectedAtNs: bigint;
  readonly healedAtNs: bigint;
  readonly endedAtNs: bigint;
}

const ackedOpsMin = 20;

/** Reasons why no verdict can be claimed; empty when there are none. */
export function coverageDoubts(history: History, acked: readonly Call[], window: Coverage): readonly string[] {
  const between = (fromNs: bigint, toNs: bigint): boolean =>
    acked.some(({ outcome }) => outcome !== undefined && outcome.atNs >= fromNs && outcome.atNs <= toNs);
  const doubts: string[] = [];
  if (acked.length < ackedOpsMin) doubts.push(`only ${acked.length} operations were acknowledged, ${ackedOpsMin} are needed`);
  if (!between(window.startedAtNs, window.injectedAtNs)) doubts.push("nothing was acknowledged before the fault");
  if (!between(window.healedAtNs, window.endedAtNs)) doubts.push("nothing was acknowledged after the heal");
  if (!history.some((event) => event.op === "final")) doubts.push("the final read found no primary");
  return doubts;
}
