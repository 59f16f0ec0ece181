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

interface Collected {
  readonly faults: FaultReport[];
  readonly samples: RoleSample[];
  readonly events: HistoryEvent[];
  readonly lostAtNs: bigint[];
}

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

function worstOf(report: FaultReport): { readonly gapMs: number | null; readonly lostOps: number; readonly reason?: string } {
  const gaps = report.cells.flatMap((cell) => cell.gapMs ?? []);
  const bad = report.cells.find((cell) => cell.verdict !== "pass" && cell.verdict !== "documented-limit");
  return {
    gapMs: gaps.length > 0 ? Math.max(...gaps) : null,
    lostOps: Math.max(0, ...report.cells.map((cell) => cell.lostOps)),
    ...(bad === undefined ? {} : { reason: `${bad.pattern}: ${bad.reason}` }),
  };
}

/** Runs every step on deployments of one spec; a deployment that did not heal is replaced by a fresh one. */
export async function runDeployment(plan: RunPlan): Promise<DeploymentReport> {
  const name = plan.spec.topology.kind;
  const atMs = (ns: bigint): number => Math.max(0, Math.round(msBetween(plan.startedNs, ns)));
  const now = () => ({ deployment: name, atMs: atMs(plan.nowNs()) });
  const collected: Collected = { faults: [], samples: [], events: [], lostAtNs: [] };
  let first: { readonly readyMs: number; readonly engineVersion: string; readonly nodes: DeploymentReport["nodes"] } | undefined;
  let deployment: Deployment | undefined;
  let error: string | undefined;
  const bringUp = async (): Promise<Deployment> => {
    plan.onProgress({ ...now(), kind: "deployment-starting", what: `${plan.spec.name} on ${plan.target.name}` });
    const up = await plan.target.up(plan.spec, { seed: plan.seed, signal: plan.signal, progress: (text) => plan.onProgress({ ...now(), kind: "note", text }) });
    const nodes = (await up.nodes()).map(({ id, address, zone, shard, role }) => ({ id, address, zone, shard, role }));
    first ??= { readyMs: up.readyMs, engineVersion: up.engineVersion, nodes };
    plan.onProgress({ ...now(), kind: "deployment-ready", readyMs: up.readyMs, engineVersion: up.engineVersion });
    return up;
  };
  const oneFault = async (step: FaultStep, index: number): Promise<void> => {
    deployment ??= await bringUp();
    const missing = deployment.faults[step.name] === undefined ? (deployment.missing[step.name] ?? `the ${plan.target.name} target cannot do it`) : undefined;
    if (missing !== undefined) return void collected.faults.push(notApplicable(step, missing));
    const label = { fault: step.name, ...(step.variant === undefined ? {} : { variant: step.variant }) };
    plan.onProgress({ ...now(), ...label, kind: "fault-starting" });
    const stalls = watchStalls();
    const outcome: FaultOutcome = await runFault({
      ...plan,
      deployment,
      step,
      index,
      timers: timersOf(plan.spec),
      tell: (what, evidence, ms) =>
        plan.onProgress(what === "redundant" ? { ...now(), ...label, kind: "fault-redundant", redundancyMs: ms } : { ...now(), ...label, kind: `fault-${what}`, evidence }),
    });
    stallMsMax = Math.max(stallMsMax, stalls.takeMs());
    stalls.stop();
    collected.faults.push(outcome.report);
    collected.samples.push(...outcome.samples);
    collected.lostAtNs.push(...outcome.lostAtNs);
    for (const events of outcome.histories) {
      collected.events.push(...events);
      plan.onHistory(step, events);
    }
    plan.onProgress({ ...now(), ...label, kind: "fault-judged", verdict: faultVerdict(outcome.report), ...worstOf(outcome.report) });
    if (!outcome.whole) {
      await deployment[Symbol.asyncDispose]();
      deployment = undefined;
    }
  };
  let stallMsMax = 0;
  let logs: DeploymentReport["logs"];
  try {
    for (const [index, step] of plan.steps.entries()) {
      plan.signal.throwIfAborted();
      await oneFault(step, index);
    }
  } catch (cause) {
    if (plan.signal.aborted) throw cause;
    error = cause instanceof Error ? cause.message : String(cause);
    if (!(cause instanceof TargetError)) error = `the suite itself failed: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
  } finally {
    const bad = error !== undefined || collected.faults.some((fault) => !["pass", "documented-limit", "not-applicable"].includes(faultVerdict(fault)));
    if (bad) logs = await deployment?.logs();
    await deployment?.[Symbol.asyncDispose]();
  }
  const spans = (first?.nodes ?? []).map(({ id }) => ({ node: id, spans: roleSpans(collected.samples, id, atMs) }));
  plan.onProgress({ ...now(), kind: "note", text: `the harness itself stood still for at most ${Math.round(stallMsMax)} ms` });
  plan.onProgress({ ...now(), kind: "deployment-done", ...(error === undefined ? {} : { error }) });
  return {
    target: plan.target.name,
    topology: plan.spec.topology.kind,
    engine: plan.spec.engine.name,
    engineVersion: first?.engineVersion ?? "",
    profile: plan.spec.profile,
    spec: plan.spec as unknown as Record<string, unknown>,
    readyMs: first?.readyMs ?? null,
    nodes: first?.nodes ?? [],
    faults: collected.faults,
    ...(error === undefined ? {} : { error }),
    series: seriesOf(collected.events, atMs),
    roles: spans,
    lostAtMs: collected.lostAtNs.map(atMs),
    ...(logs === undefined ? {} : { logs }),
  };
}
