// The engine: one deployment, fault after fault, every pattern at once, and the deployment's part of the report. Two doors use it, the
// command line and vitest. It knows no concrete target, no arguments, and no console.

import type { DeploymentSpec } from "../spec/deployment-spec.ts";
import { msBetween, type HistoryEvent } from "./checkers/history.ts";
import type { Check } from "./checks/check.ts";
import { runFault, type FaultOutcome } from "./engine/run-fault.ts";
import { roleSpans, seriesOf, type RoleSample } from "./engine/sampler.ts";
import { watchStalls } from "./engine/stall.ts";
import type { BudgetFile, Timers } from "./faults/budgets.ts";
import type { FaultStep } from "./faults/fault-plan.ts";
import type { OnProgress } from "./report/progress.ts";
import type { DeploymentReport, FaultReport } from "./report/report.ts";
import { faultVerdict } from "./report/worst-verdict.ts";
import { TargetError, type Deployment, type Target } from "./targets/target.ts";

export interface RunPlan {
  readonly target: Target;
  readonly spec: DeploymentSpec;
  readonly checks: readonly Check[];
  readonly steps: readonly FaultStep[];
  readonly seed: number;
  readonly badTwin?: string;
  readonly budgets?: BudgetFile;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  /** Gets each window's events as they are final. */
  readonly onHistory: (fault: FaultStep, events: readonly HistoryEvent[]) => void;
  readonly nowNs: () => bigint;
  /** Monotonic ns of the whole run's start, shared by all deployments. */
  readonly startedNs: bigint;
}

/** What has been learned so far; grows with every fault. */
interface Collected {
  readonly faults: FaultReport[];
  readonly samples: RoleSample[];
  readonly events: HistoryEvent[];
  readonly lostAtNs: bigint[];
  first?: Pick<DeploymentReport, "engineVersion" | "nodes"> & { readonly readyMs: number };
  deployment?: Deployment;
  stallMsMax: number;
}

const label = (step: FaultStep) => ({ fault: step.name, ...(step.variant === undefined ? {} : { variant: step.variant }) });

const notApplicable = (step: FaultStep, reason: string): FaultReport => ({
  name: step.name,
  ...(step.variant === undefined ? {} : { variant: step.variant }),
  effective: false,
  evidence: [],
  notApplicable: reason,
  injectedAtMs: null,
  healedAtMs: null,
  redundancyMs: null,
  failovers: 0,
  zombieAcks: 0,
  writablePrimariesMax: 0,
  cells: [],
});

const timersOf = (spec: DeploymentSpec): Timers => ({
  topology: spec.topology.kind,
  detectionMs: spec.topology.kind === "sentinel" ? spec.failover.downAfterMs : spec.failover.nodeTimeoutMs,
});

/** The fault's cost in one line: what the live view shows. */
function worstOf(report: FaultReport): { readonly gapMs: number | null; readonly lostOps: number; readonly reason?: string } {
  const gaps = report.cells.flatMap((cell) => cell.gapMs ?? []);
  const bad = report.cells.find((cell) => cell.verdict !== "pass" && cell.verdict !== "documented-limit");
  return {
    gapMs: gaps.length > 0 ? Math.max(...gaps) : null,
    lostOps: Math.max(0, ...report.cells.map((cell) => cell.lostOps)),
    ...(bad === undefined ? {} : { reason: `${bad.pattern}: ${bad.reason}` }),
  };
}

const moment =
  (plan: RunPlan) =>
  (atNs: bigint): number =>
    Math.max(0, Math.round(msBetween(plan.startedNs, atNs)));

const now = (plan: RunPlan) => ({ deployment: plan.spec.topology.kind, atMs: moment(plan)(plan.nowNs()) });

async function bringUp(plan: RunPlan, collected: Collected): Promise<Deployment> {
  plan.onProgress({ ...now(plan), kind: "deployment-starting", what: `${plan.spec.name} on ${plan.target.name}` });
  const progress = (text: string): void => plan.onProgress({ ...now(plan), kind: "note", text });
  const deployment = await plan.target.up(plan.spec, { seed: plan.seed, signal: plan.signal, progress });
  const nodes = (await deployment.nodes()).map(({ id, address, zone, shard, role }) => ({ id, address, zone, shard, role }));
  const { readyMs, engineVersion } = deployment;
  collected.first ??= { readyMs, engineVersion, nodes };
  plan.onProgress({ ...now(plan), kind: "deployment-ready", readyMs, engineVersion });
  return deployment;
}

function keep(plan: RunPlan, collected: Collected, step: FaultStep, outcome: FaultOutcome): void {
  collected.faults.push(outcome.report);
  collected.samples.push(...outcome.samples);
  collected.lostAtNs.push(...outcome.lostAtNs);
  for (const events of outcome.histories) {
    collected.events.push(...events);
    plan.onHistory(step, events);
  }
  plan.onProgress({
    ...now(plan),
    ...label(step),
    kind: "fault-judged",
    verdict: faultVerdict(outcome.report),
    ...worstOf(outcome.report),
  });
}

/** One step; a deployment that did not heal is taken away, so that the next step gets a fresh one. */
async function runStep(plan: RunPlan, collected: Collected, step: FaultStep, index: number): Promise<void> {
  const deployment = (collected.deployment ??= await bringUp(plan, collected));
  if (deployment.faults[step.name] === undefined) {
    collected.faults.push(notApplicable(step, deployment.missing[step.name] ?? `the ${plan.target.name} target cannot do it`));
    return;
  }
  plan.onProgress({ ...now(plan), ...label(step), kind: "fault-starting" });
  const stalls = watchStalls();
  const outcome = await runFault({
    ...plan,
    deployment,
    step,
    index,
    timers: timersOf(plan.spec),
    sample: (okPerSecond, errorsPerSecond) => plan.onProgress({ ...now(plan), kind: "sample", okPerSecond, errorsPerSecond }),
    tell: (what, evidence, ms) =>
      plan.onProgress(
        what === "redundant"
          ? { ...now(plan), ...label(step), kind: "fault-redundant", redundancyMs: ms }
          : { ...now(plan), ...label(step), kind: `fault-${what}`, evidence },
      ),
  });
  collected.stallMsMax = Math.max(collected.stallMsMax, stalls.takeMs());
  stalls.stop();
  keep(plan, collected, step, outcome);
  if (outcome.whole) return;
  await deployment[Symbol.asyncDispose]();
  delete collected.deployment;
}

const textOf = (cause: unknown): string =>
  cause instanceof TargetError
    ? cause.message
    : `the suite itself failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;

function reportOf(plan: RunPlan, collected: Collected, error: string | undefined, logs: DeploymentReport["logs"]): DeploymentReport {
  const atMs = moment(plan);
  const { first, faults, samples, events, lostAtNs } = collected;
  return {
    target: plan.target.name,
    topology: plan.spec.topology.kind,
    engine: plan.spec.engine.name,
    engineVersion: first?.engineVersion ?? "",
    profile: plan.spec.profile,
    spec: { ...plan.spec },
    readyMs: first?.readyMs ?? null,
    nodes: first?.nodes ?? [],
    faults,
    ...(error === undefined ? {} : { error }),
    series: seriesOf(events, atMs),
    roles: (first?.nodes ?? []).map(({ id }) => ({ node: id, spans: roleSpans(samples, id, atMs) })),
    lostAtMs: lostAtNs.map(atMs),
    stallMsMax: Math.round(collected.stallMsMax),
    ...(logs === undefined ? {} : { logs }),
  };
}

const conformant = new Set(["pass", "documented-limit", "not-applicable"]);

/** Runs every step on deployments of one spec. Rejects only when the run was stopped; what went wrong otherwise is in the report. */
export async function runDeployment(plan: RunPlan): Promise<DeploymentReport> {
  const collected: Collected = { faults: [], samples: [], events: [], lostAtNs: [], stallMsMax: 0 };
  let error: string | undefined;
  let logs: DeploymentReport["logs"];
  try {
    for (const [index, step] of plan.steps.entries()) {
      plan.signal.throwIfAborted();
      await runStep(plan, collected, step, index);
    }
  } catch (cause) {
    if (plan.signal.aborted) throw cause;
    error = textOf(cause);
  } finally {
    if (error !== undefined || collected.faults.some((fault) => !conformant.has(faultVerdict(fault))))
      logs = await collected.deployment?.logs();
    await collected.deployment?.[Symbol.asyncDispose]();
  }
  plan.onProgress({ ...now(plan), kind: "deployment-done", ...(error === undefined ? {} : { error }) });
  return reportOf(plan, collected, error, logs);
}
