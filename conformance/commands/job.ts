// What the command line hands a runner, and what it hears back. Plain data that survives inter-process messages; no secret in it.

import type { DeploymentSpec } from "../../spec/deployment-spec.ts";
import type { BudgetFile } from "../faults/budgets.ts";
import type { FaultStep } from "../faults/fault-plan.ts";
import type { ProgressEvent } from "../report/progress.ts";
import type { DeploymentReport } from "../report/report.ts";
import type { ConnectionOptions } from "../targets/target.ts";

export interface VerifyJob {
  readonly kind: "verify";
  readonly target: string;
  readonly spec: DeploymentSpec;
  readonly patterns: readonly string[];
  readonly steps: readonly FaultStep[];
  readonly seed: number;
  readonly badTwin?: string;
  readonly budgets?: BudgetFile;
  /** Where the runner appends the history, one event a line. */
  readonly historyFile: string;
  /** Monotonic ns (CLOCK_MONOTONIC, the same in every process of a machine) of the run's start, as text. */
  readonly startedNs: string;
}

export interface UpJob {
  readonly kind: "up";
  readonly target: string;
  readonly spec: DeploymentSpec;
  readonly seed: number;
}

export type Job = VerifyJob | UpJob;

export type Message =
  | { readonly kind: "ready" }
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  | { readonly kind: "up"; readonly connection: ConnectionOptions; readonly readyMs: number; readonly engineVersion: string }
  | { readonly kind: "done"; readonly report?: DeploymentReport; readonly error?: string };

/** From the command line to the runner. */
export type Order = { readonly kind: "job"; readonly job: Job } | { readonly kind: "stop" };
