// From many verdicts to one, and from that to an exit code. Decides the order of severity between cells and nothing within a cell.

import type { Verdict } from "../checkers/finding.ts";
import type { FaultReport, Report } from "./report.ts";

/** Worst first. Unlike within one cell, a budget exceeded here outranks a doubt elsewhere: it is a finding, and doubt about another cell does not undo it. */
const bySeverity: readonly Verdict[] = ["violation", "budget-exceeded", "inconclusive", "documented-limit", "pass", "not-applicable"];

/** The worst of them; nothing at all proves nothing, so that is `inconclusive`. */
export const worstVerdict = (verdicts: readonly Verdict[]): Verdict =>
  bySeverity.find((verdict) => verdicts.includes(verdict)) ?? "inconclusive";

/** > 0 when `a` is worse than `b`. */
export const compareVerdicts = (a: Verdict, b: Verdict): number => bySeverity.indexOf(b) - bySeverity.indexOf(a);

/** A cell's verdict. A fault without effect proves nothing, whatever the cell says, unless it shows a violation. */
export const cellVerdict = (fault: Pick<FaultReport, "effective">, cell: { readonly verdict: Verdict }): Verdict =>
  fault.effective || cell.verdict === "violation" ? cell.verdict : "inconclusive";

/** The worst of a fault's cells. */
export function faultVerdict(fault: Pick<FaultReport, "notApplicable" | "effective" | "cells">): Verdict {
  if (fault.notApplicable !== undefined) return "not-applicable";
  return worstVerdict(fault.cells.map((cell) => cellVerdict(fault, cell)));
}

type Judged = { readonly deployments: readonly { readonly error?: string | undefined; readonly faults: readonly FaultReport[] }[] };

/** The run's verdict. A run in which nothing could be judged is `inconclusive`, also when every fault was `not-applicable`. */
export function verdictOf({ deployments }: Judged): Verdict {
  const verdicts = deployments.flatMap(({ error, faults }): readonly Verdict[] => [
    ...(error === undefined ? [] : ["inconclusive" as const]),
    ...faults.map(faultVerdict),
  ]);
  const worst = worstVerdict(verdicts);
  return worst === "not-applicable" ? "inconclusive" : worst;
}

/** 0 conformant, 1 violation or budget exceeded, 3 inconclusive, 4 a target could not be brought up. A finding outranks a target that is missing. (2 is usage, given by the command line.) */
export function exitCodeOf(report: Pick<Report, "deployments">): 0 | 1 | 3 | 4 {
  const verdict = verdictOf(report);
  if (verdict === "violation" || verdict === "budget-exceeded") return 1;
  if (report.deployments.some(({ error }) => error !== undefined)) return 4;
  return verdict === "inconclusive" ? 3 : 0;
}
