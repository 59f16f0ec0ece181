// One fault, all patterns: start every workload, wait for steady state, inject once, heal, wait for full redundancy, stop, judge.
// Chooses no fault and prints nothing.

import { setTimeout as sleep } from "node:timers/promises";
import { msBetween, type HistoryEvent } from "../checkers/history.ts";
import { overlaps } from "../checkers/primaries.ts";
import type { FaultReport } from "../report/report.ts";
import type { FaultRun } from "./fault-run.ts";
import { cellOf, judge, lostTimes, windowOf, withPrimaries } from "./judge-window.ts";
import { lanesFor } from "./lanes.ts";
import { failoversIn, sampleRoles, tellThroughput, writableMax, type RoleSample } from "./sampler.ts";
import { suffer, type Suffered } from "./suffer.ts";
import { timeouts } from "./timeouts.ts";
import { startAll, steady, stopAll } from "./workloads.ts";

export interface FaultOutcome {
  readonly report: FaultReport;
  readonly histories: readonly (readonly HistoryEvent[])[];
  readonly samples: readonly RoleSample[];
  readonly lostAtNs: readonly bigint[];
  /** False when the deployment did not become whole again: it must not be used for the next fault. */
  readonly whole: boolean;
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
  const histories = busy.map(({ events }) => events);
  const throughput = tellThroughput(histories, run.sample);
  let suffered: Suffered;
  try {
    await steady(busy, run.signal);
    await sleep(timeouts.beforeMs, undefined, { signal: run.signal });
    suffered = await unlessAborted(suffer(run, busy, aimed), run.signal);
    await sleep(timeouts.afterMs, undefined, { signal: run.signal });
  } finally {
    throughput.stop();
    // who stops a run wants its processes gone, not the final reads of a deployment in mid-fault
    await Promise.all([sampler.stop(), ...(run.signal.aborted ? [] : [stopAll(busy)])]);
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
    histories,
    samples: sampler.samples,
    lostAtNs: judged.flatMap(({ one, finding }) => lostTimes(one, finding)),
    whole: suffered.problem === undefined,
  };
}
