// From what a checker measured to a verdict: one order of severity for every pattern. Pure.

export const verdicts = ["pass", "documented-limit", "budget-exceeded", "violation", "inconclusive", "not-applicable"] as const;
export type Verdict = (typeof verdicts)[number];

/** What one pattern saw during one fault. Counts are operations. */
export interface Measures {
  /** Longest time between two acknowledged writes around the fault, ms; null when there were too few to say. */
  readonly gapMs: number | null;
  readonly ackedOps: number;
  /** Acknowledged and absent from the final state. */
  readonly lostOps: number;
  readonly duplicateOps: number;
  /** Reported failed or unknown, found applied. */
  readonly lateOps: number;
  readonly failedOps: number;
  readonly unknownOps: number;
  /** Whatever else the pattern measures, units last in names (`firstJobMs`, `otherShardsGapMs`). */
  readonly extra?: Readonly<Record<string, number>>;
}

/** Upper bounds for one pattern under one fault; the report shows them beside the measures. */
export interface Budget {
  readonly gapMs: number;
  readonly lostOps: number;
  readonly duplicateOps: number;
  /** Rejected calls allowed; absent: any number, as long as they are typed. */
  readonly failedOps?: number;
  /** Bounds for `extra`, by the same names. */
  readonly extra?: Readonly<Record<string, number>>;
}

export interface Finding {
  readonly verdict: Verdict;
  readonly measured: Measures;
  readonly reason: string;
  /** Indexes of the events that show it, at most 20. */
  readonly evidence: readonly number[];
}

/** A promise that did not hold, in words, with the events that show it. */
export interface Violation {
  readonly what: string;
  readonly evidence: readonly number[];
}

export interface Conclusion {
  readonly measured: Measures;
  readonly budget: Budget;
  readonly violations: readonly Violation[];
  /** Why the history cannot carry a verdict; any entry makes it `inconclusive` unless there is a violation. */
  readonly doubts: readonly string[];
  /** Losses or delays inside the declared bound, with the upstream rule and the number. */
  readonly limits: readonly string[];
}

const overBudget = ({ measured, budget }: Conclusion): readonly string[] => {
  const over: string[] = [];
  const compare = (name: string, value: number | null | undefined, max: number | undefined): void => {
    if (value !== null && value !== undefined && max !== undefined && value > max)
      over.push(`${name} ${Math.round(value)} is over the budget of ${Math.round(max)}`);
  };
  compare("gapMs", measured.gapMs, budget.gapMs);
  compare("lostOps", measured.lostOps, budget.lostOps);
  compare("duplicateOps", measured.duplicateOps, budget.duplicateOps);
  compare("failedOps", measured.failedOps, budget.failedOps);
  for (const [name, max] of Object.entries(budget.extra ?? {})) compare(name, measured.extra?.[name], max);
  return over;
};

/** The one order of severity: violation, inconclusive, budget-exceeded, documented-limit, pass. */
export function conclude(conclusion: Conclusion): Finding {
  const { measured, violations, doubts, limits } = conclusion;
  const evidence = violations.flatMap((violation) => violation.evidence).slice(0, 20);
  const finding = (verdict: Verdict, reason: string): Finding => ({ verdict, measured, reason, evidence });
  if (violations.length > 0) return finding("violation", violations.map((violation) => violation.what).join("; "));
  if (doubts.length > 0) return finding("inconclusive", doubts.join("; "));
  const over = overBudget(conclusion);
  if (over.length > 0) return finding("budget-exceeded", over.join("; "));
  if (limits.length > 0) return finding("documented-limit", limits.join("; "));
  return finding("pass", "every promise held inside its budget");
}
