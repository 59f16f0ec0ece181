// What one fault's run is given: the deployment, the step, the checks, and where it stands in the whole run. Types only.

import type { Check } from "../checks/check.ts";
import type { BudgetFile, Timers } from "../faults/budgets.ts";
import type { FaultStep } from "../faults/fault-plan.ts";
import type { Deployment } from "../targets/target.ts";

export interface FaultRun {
  readonly deployment: Deployment;
  readonly step: FaultStep;
  readonly checks: readonly Check[];
  readonly badTwin?: string;
  readonly budgets?: BudgetFile;
  readonly seed: number;
  /** Position in the run: makes prefixes unique. */
  readonly index: number;
  readonly timers: Timers;
  readonly nowNs: () => bigint;
  readonly startedNs: bigint;
  readonly signal: AbortSignal;
  readonly sample: (okPerSecond: number, errorsPerSecond: number) => void;
  readonly tell: (kind: "injected" | "healed" | "redundant", evidence: readonly string[], ms: number) => void;
}
