// What each fault may cost: the numbers of promises.md, as functions of the deployment's own timers, plus what a user's file changes.

import type { Budget } from "../checkers/finding.ts";
import type { CheckBudget } from "../checks/check.ts";
import type { FaultName } from "../targets/target.ts";
import type { FaultStep } from "./fault-plan.ts";

export interface Timers {
  readonly topology: "sentinel" | "cluster";
  /** `down-after-milliseconds` or `cluster-node-timeout`. */
  readonly detectionMs: number;
}

type GapRule = (detectionMs: number) => number;
interface Rules {
  readonly sentinel: GapRule;
  readonly cluster: GapRule;
}

const both = (ms: number): Rules => ({ sentinel: () => ms, cluster: () => ms });

/** promises.md, "Faults: effect to observe, and budget". D = down-after, NT = node timeout, ms. */
const gaps: Partial<Record<FaultName, Rules>> = {
  "crash-primary": { sentinel: () => 1500, cluster: () => 500 },
  "hang-primary": { sentinel: (d) => d + 5000, cluster: (nt) => 2 * nt + 2000 },
  "stop-primary": { sentinel: () => 1500, cluster: () => 300 },
  "switch-over": { sentinel: () => 1500, cluster: () => 300 },
  "partition-primary": { sentinel: (d) => d + 4000, cluster: (nt) => 3 * nt },
  "crash-replica": both(100),
  "full-outage": both(30_000),
  // the supervisor reports the death of an emptied primary as any other: the row promises data, the gap is the crash's
  "empty-primary": { sentinel: () => 1500, cluster: () => 500 },
};

/** The whole host is gone: nobody reports the death, so detection decides. */
const hostGone: Rules = { sentinel: (d) => d + 2000, cluster: (nt) => 2 * nt };

const rulesOf = ({ name, variant }: FaultStep): Rules | undefined =>
  variant === "node" && name !== "hang-primary" ? hostGone : gaps[name];

/** A user's budget file: `faults.NAME.sentinel|cluster.gapMs`, `patterns.NAME.extraGapMs`, ... Validated by the caller. */
export interface BudgetFile {
  readonly faults?: Readonly<
    Record<string, Readonly<Partial<Record<"sentinel" | "cluster", { readonly gapMs?: number; readonly lostOps?: number }>>>>
  >;
  readonly patterns?: Readonly<
    Record<string, { readonly extraGapMs?: number; readonly duplicateOps?: number; readonly failedOps?: number }>
  >;
}

export interface BudgetQuery {
  readonly step: FaultStep;
  readonly pattern: string;
  readonly check: CheckBudget;
  readonly timers: Timers;
  readonly file?: BudgetFile;
}

/** The bounds for one pattern under one fault: the fault's gap plus what the pattern adds. No acknowledged write may be lost. */
export function budgetFor({ step, pattern, check, timers, file }: BudgetQuery): Budget {
  const label = step.variant === undefined ? step.name : `${step.name}/${step.variant}`;
  const given = (file?.faults?.[label] ?? (step.variant === "process" ? file?.faults?.[step.name] : undefined))?.[timers.topology];
  const own = { ...check, ...file?.patterns?.[pattern] };
  const faultGapMs = given?.gapMs ?? rulesOf(step)?.[timers.topology](timers.detectionMs) ?? 30_000;
  return {
    gapMs: faultGapMs + own.extraGapMs,
    lostOps: given?.lostOps ?? 0,
    duplicateOps: own.duplicateOps,
    ...(own.failedOps === undefined ? {} : { failedOps: own.failedOps }),
    ...(own.extra === undefined ? {} : { extra: own.extra }),
  };
}

/** The longest outage a client has to ride out under this fault, ms: twice its budget, never less than 10 s. */
export const outageMsMax = (step: FaultStep, timers: Timers): number =>
  Math.max(10_000, 2 * (rulesOf(step)?.[timers.topology](timers.detectionMs) ?? 30_000));
