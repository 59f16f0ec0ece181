// Whether a history can carry a verdict at all: enough acknowledgements, some before the fault and some after the heal. Pure.

import { calls, type History } from "../checkers/history.ts";
import type { FaultWindow } from "./check.ts";

/** Reasons for `inconclusive`, in words; empty when `ops` were acknowledged often enough on both sides of the fault. */
export function coverageDoubts(
  history: History,
  window: FaultWindow,
  { ops, ackedOpsMin = 20 }: { ops: readonly string[]; ackedOpsMin?: number },
): string[] {
  const ackedAtNs = calls(history)
    .filter((call) => call.result === "ok" && ops.includes(call.invoke.op))
    .map((call) => call.outcome?.atNs ?? 0n);
  const names = ops.join(" and ");
  const doubts: string[] = [];
  if (ackedAtNs.length < ackedOpsMin) doubts.push(`only ${ackedAtNs.length} of at least ${ackedOpsMin} ${names} were acknowledged`);
  if (!ackedAtNs.some((atNs) => atNs < window.injectedAtNs)) doubts.push(`no ${names} was acknowledged before the fault`);
  if (!ackedAtNs.some((atNs) => atNs > window.healedAtNs)) doubts.push(`no ${names} was acknowledged after the heal`);
  return doubts;
}
