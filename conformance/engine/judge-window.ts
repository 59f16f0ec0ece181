// From one check's history to its cell: the check judges, and what no check can know is laid on top: a fault without effect, a deployment that
// did not heal, two primaries at once.

import type { Finding } from "../checkers/finding.ts";
import { judgePrimaries } from "../checkers/primaries.ts";
import type { Check, FaultWindow, Lane } from "../checks/check.ts";
import { budgetFor } from "../faults/budgets.ts";
import type { CellReport } from "../report/report.ts";
import type { FaultRun } from "./fault-run.ts";
import type { RoleSample } from "./sampler.ts";
import type { Suffered } from "./suffer.ts";
import { timeouts } from "./timeouts.ts";
import type { Busy } from "./workloads.ts";

/** Two primaries for too long belong to no pattern; the connection's cell stands for what any write can expect of the deployment. */
export function withPrimaries(one: Busy, finding: Finding, window: FaultWindow, samples: readonly RoleSample[]): Finding {
  const violation = one.check.name === "connection" ? judgePrimaries(samples, window.maxLagMs) : undefined;
  if (violation === undefined) return finding;
  return {
    ...finding,
    verdict: "violation",
    reason: finding.verdict === "violation" ? `${finding.reason}; ${violation.what}` : violation.what,
  };
}

/** A checker that throws, and a fault without effect, are `inconclusive`; a deployment that did not heal is no pass. */
export function judge(one: Busy, window: FaultWindow, suffered: Suffered): Finding {
  const finding = ((): Finding => {
    try {
      return one.check.judge(one.events, window);
    } catch (error) {
      const reason = `the checker threw: ${error instanceof Error ? error.message : String(error)}`;
      return {
        verdict: "inconclusive",
        reason,
        evidence: [],
        measured: { gapMs: null, ackedOps: 0, lostOps: 0, duplicateOps: 0, lateOps: 0, failedOps: 0, unknownOps: 0 },
      };
    }
  })();
  if (finding.verdict === "violation") return finding;
  if (suffered.problem !== undefined)
    return {
      ...finding,
      verdict: "budget-exceeded",
      reason: `full redundancy did not return within ${timeouts.redundantMs} ms: ${suffered.problem.split("\n")[0] ?? ""}`,
    };
  if (!suffered.evidence.effective)
    return { ...finding, verdict: "inconclusive", reason: `the fault had no proven effect: ${suffered.evidence.seen.join("; ")}` };
  return finding;
}

export const cellOf = (one: Busy, finding: Finding, window: FaultWindow): CellReport => {
  const { extra, ...measured } = finding.measured;
  return {
    pattern: one.check.name,
    verdict: finding.verdict,
    ...measured,
    budget: window.budget,
    reason: finding.reason,
    ...(extra === undefined ? {} : { extra }),
    ...(finding.evidence.length === 0 ? {} : { evidence: finding.evidence }),
  };
};

export function windowOf(
  run: FaultRun,
  lanes: readonly Lane[],
  parts: { readonly startedAtNs: bigint; readonly suffered: Suffered; readonly check: Check },
): FaultWindow {
  const { suffered, check, startedAtNs } = parts;
  return {
    fault: run.step.name,
    ...(run.step.variant === undefined ? {} : { variant: run.step.variant }),
    topology: run.timers.topology,
    lanes,
    startedAtNs,
    ...suffered.times,
    endedAtNs: run.nowNs(),
    ...(suffered.evidence.promotedAtNs === undefined ? {} : { promotedAtNs: suffered.evidence.promotedAtNs }),
    maxLagMs: run.deployment.spec.durability.minReplicasToWrite > 0 ? run.deployment.spec.durability.maxReplicaLagSeconds * 1000 : 0,
    budget: budgetFor({
      step: run.step,
      pattern: check.name,
      check: check.budget,
      timers: run.timers,
      ...(run.budgets === undefined ? {} : { file: run.budgets }),
    }),
  };
}

/** Acknowledgement times of what a finding shows as lost, for the chart. */
export const lostTimes = (one: Busy, finding: Finding): readonly bigint[] =>
  finding.measured.lostOps > 0 ? finding.evidence.flatMap((index) => one.events[index]?.atNs ?? []) : [];
