// The verdicts that need words, worst first. Patterns that say the same about the same fault share one entry, so that a fault without
// effect is one line and not ten.

import type { Verdict } from "../checkers/finding.ts";
import { faultLabel } from "./progress.ts";
import type { Report } from "./report.ts";
import { cellVerdict, compareVerdicts } from "./worst-verdict.ts";

export interface WorstReason {
  readonly verdict: Verdict;
  /** e.g. `sentinel, hang-primary`. */
  readonly where: string;
  readonly patterns: readonly string[];
  readonly reason: string;
}

/** Everything that is neither a pass nor not applicable, worst first, in the order it happened. */
export function worstReasons(report: Pick<Report, "deployments">): readonly WorstReason[] {
  const entries = report.deployments.flatMap((deployment): readonly WorstReason[] => [
    ...(deployment.error === undefined
      ? []
      : [{ verdict: "inconclusive" as const, where: deployment.topology, patterns: [], reason: `not brought up: ${deployment.error}` }]),
    ...deployment.faults.flatMap((fault) =>
      fault.cells.map((cell) => ({
        verdict: cellVerdict(fault, cell),
        where: `${deployment.topology}, ${faultLabel(fault)}`,
        patterns: [cell.pattern],
        reason: cell.reason,
      })),
    ),
  ]);
  const shared = new Map<string, WorstReason>();
  for (const entry of entries.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable")) {
    const key = JSON.stringify([entry.verdict, entry.where, entry.reason]);
    shared.set(key, { ...entry, patterns: [...(shared.get(key)?.patterns ?? []), ...entry.patterns] });
  }
  return [...shared.values()].toSorted((a, b) => compareVerdicts(b.verdict, a.verdict));
}
