// One fault, all patterns: start every workload, wait for steady state, inject once, heal, wait for full redundancy, stop, judge.
// Chooses no fault and prints nothing.

import { setTimeout as sleep } from "node:timers/promises";
import type { CellReport, FaultReport } from "../report/report.ts";
import type { Finding } from "../checkers/finding.ts";
import { msBetween, type HistoryEvent } from "../checkers/history.ts";
import { judgePrimaries, overlaps } from "../checkers/primaries.ts";
import type { Check, FaultWindow, Lane, Running, WorkloadContext } from "../checks/check.ts";
import { createRecorder } from "../checks/recorder.ts";
import { budgetFor, outageMsMax, type BudgetFile, type Timers } from "../faults/budgets.ts";
import type { FaultStep } from "../faults/fault-plan.ts";
import type { Deployment, Evidence, Injected } from "../targets/target.ts";
import { lanesFor } from "./lanes.ts";
import { stream } from "./random.ts";
import { failoversIn, sampleRoles, writableMax, type RoleSample, type Sampler } from "./sampler.ts";
import { timeouts } from "./timeouts.ts";

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
  readonly tell: (kind: "injected" | "healed" | "redundant", evidence: readonly string[], ms: number) => void;
}

export interface FaultOutcome {
  readonly report: FaultReport;
  readonly histories: readonly (readonly HistoryEvent[])[];
  readonly samples: readonly RoleSample[];
  readonly lostAtNs: readonly bigint[];
  /** False when the deployment did not become whole again: it must not be used for the next fault. */
  readonly whole: boolean;
}

interface Busy {
  readonly check: Check;
  readonly events: readonly HistoryEvent[];
  readonly running: Running;
}

async function startAll(run: FaultRun, lanes: readonly Lane[]): Promise<readonly Busy[]> {
  return Promise.all(
    run.checks.map(async (check): Promise<Busy> => {
      const record = createRecorder(check.name, run.nowNs);
      const context: WorkloadContext = {
        connection: run.deployment.connection("app"),
        lanes,
        record,
        nowNs: run.nowNs,
        random: stream(run.seed, `${check.name}-${run.index}`),
        prefix: `r${run.seed.toString(36)}-${run.index}-${check.name}`,
        badTwin: run.badTwin === check.name,
        outageMsMax: outageMsMax(run.step, run.timers),
        topology: run.timers.topology,
      };
      return { check, events: record.events, running: await check.start(context) };
    }),
  );
}

/** Waits for steady state; a check that does not reach it will be judged on what it has. */
const steady = (busy: readonly Busy[], signal: AbortSignal): Promise<unknown> =>
  Promise.race([
    Promise.all(busy.map(({ running }) => running.steady.catch(() => undefined))),
    sleep(timeouts.steadyMs, undefined, { signal, ref: false }),
  ]);

interface Times {
  injectedAtNs: bigint;
  healedAtNs: bigint;
  redundantAtNs: bigint;
}

interface Suffered {
  readonly evidence: Evidence;
  readonly times: Times;
  readonly problem?: string;
}

async function minorityClients(busy: readonly Busy[], fault: Injected): Promise<() => Promise<void>> {
  const address = fault.minority;
  if (address === undefined) return async () => {};
  const stops = await Promise.all(busy.map(({ running }) => running.minority?.(address)));
  return async () => void (await Promise.all(stops.map((stop) => stop?.())));
}

/** How long a client on the primary's side goes on after the heal: an old primary was seen to take writes for up to 11 s (faults-and-checks.md M20). */
const zombieWatchMs = 3000;

async function suffer(run: FaultRun, busy: readonly Busy[], aimed: number): Promise<Suffered> {
  const inject = run.deployment.faults[run.step.name];
  if (inject === undefined) throw new Error(`${run.step.name} cannot be done on this target`);
  const times: Times = { injectedAtNs: run.nowNs(), healedAtNs: 0n, redundantAtNs: 0n };
  const elapsed = () => Math.round(msBetween(times.injectedAtNs, run.nowNs()));
  const random = stream(run.seed, `${run.step.name}-${run.index}`);
  const fault = await inject({ shard: aimed, random, ...(run.step.variant === undefined ? {} : { variant: run.step.variant }) });
  run.tell("injected", fault.observed.seen, elapsed());
  const stopMinority = await minorityClients(busy, fault);
  let evidence: Evidence;
  try {
    evidence = await fault.settled();
  } finally {
    await fault[Symbol.asyncDispose]();
    times.healedAtNs = run.nowNs();
  }
  run.tell("healed", evidence.seen, elapsed());
  if (fault.minority !== undefined) await sleep(zombieWatchMs);
  await stopMinority();
  const problem = await run.deployment.redundant(timeouts.redundantMs).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  times.redundantAtNs = run.nowNs();
  if (problem === undefined) run.tell("redundant", [], elapsed());
  return { evidence, times, ...(problem === undefined ? {} : { problem }) };
}

/** Two primaries for too long belong to no pattern; the connection's cell stands for what any write can expect of the deployment. */
function withPrimaries(one: Busy, finding: Finding, window: FaultWindow, samples: readonly RoleSample[]): Finding {
  const violation = one.check.name === "connection" ? judgePrimaries(samples, window.maxLagMs) : undefined;
  if (violation === undefined) return finding;
  return {
    ...finding,
    verdict: "violation",
    reason: finding.verdict === "violation" ? `${finding.reason}; ${violation.what}` : violation.what,
  };
}

/** A checker that throws, and a fault without effect, are `inconclusive`; a deployment that did not heal is no pass. */
function judge(one: Busy, window: FaultWindow, suffered: Suffered): Finding {
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

const cellOf = (one: Busy, finding: Finding, window: FaultWindow): CellReport => {
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

function windowOf(
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
const lostTimes = (one: Busy, finding: Finding): readonly bigint[] =>
  finding.measured.lostOps > 0 ? finding.evidence.flatMap((index) => one.events[index]?.atNs ?? []) : [];

async function stopAll(busy: readonly Busy[], sampler: Sampler): Promise<void> {
  const bounded = busy.map(({ running }) =>
    Promise.race([running.stop().catch(() => undefined), sleep(timeouts.stopMs, undefined, { ref: false })]),
  );
  await Promise.all([...bounded, sampler.stop()]);
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, stopped]);
}

/** Runs one fault for all checks. Rejects only when the deployment has no primary to aim at or the run is aborted. */
export async function runFault(run: FaultRun): Promise<FaultOutcome> {
  // Each fault strikes another shard: primaries vote about a shard's failover once in two node timeouts, so a second fault there would
  // meet voters who still refuse ("can't vote about this master before ...") and measure that instead of itself.
  const aimed = run.index % run.deployment.shards.length;
  const lanes = lanesFor(run.deployment.shards, aimed);
  const startedAtNs = run.nowNs();
  const busy = await startAll(run, lanes);
  const sampler = sampleRoles(run.deployment, run.nowNs);
  let suffered: Suffered;
  try {
    await steady(busy, run.signal);
    await sleep(timeouts.beforeMs, undefined, { signal: run.signal });
    suffered = await unlessAborted(suffer(run, busy, aimed), run.signal);
    await sleep(timeouts.afterMs, undefined, { signal: run.signal });
  } finally {
    // who stops a run wants its processes gone, not the final reads of a deployment in mid-fault
    await (run.signal.aborted ? sampler.stop() : stopAll(busy, sampler));
  }
  const judged = busy.map((one) => {
    const window = windowOf(run, lanes, { startedAtNs, suffered, check: one.check });
    return { one, window, finding: withPrimaries(one, judge(one, window, suffered), window, sampler.samples) };
  });
  const { times, evidence } = suffered;
  const atMs = (ns: bigint): number => Math.max(0, Math.round(msBetween(run.startedNs, ns)));
  const cells = judged.map(({ one, window, finding }) => cellOf(one, finding, window));
  const promoteMs = evidence.promotedAtNs === undefined ? undefined : Math.round(msBetween(times.injectedAtNs, evidence.promotedAtNs));
  return {
    report: {
      name: run.step.name,
      ...(run.step.variant === undefined ? {} : { variant: run.step.variant }),
      shard: aimed,
      effective: evidence.effective,
      evidence: evidence.seen,
      injectedAtMs: atMs(times.injectedAtNs),
      healedAtMs: atMs(times.healedAtNs),
      redundancyMs: suffered.problem === undefined ? Math.round(msBetween(times.injectedAtNs, times.redundantAtNs)) : null,
      failovers: failoversIn(sampler.samples, aimed),
      zombieAcks: cells.reduce((sum, cell) => sum + (cell.extra?.["zombieAcks"] ?? 0), 0),
      ...(promoteMs === undefined ? {} : { promoteMs }),
      writablePrimariesMax: writableMax(sampler.samples),
      twoPrimariesMs: Math.round(overlaps(sampler.samples)[0]?.ms ?? 0),
      cells,
    },
    histories: busy.map(({ events }) => events),
    samples: sampler.samples,
    lostAtNs: judged.flatMap(({ one, finding }) => lostTimes(one, finding)),
    whole: suffered.problem === undefined,
  };
}
