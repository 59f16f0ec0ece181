// Runs one check against a private server without any fault, and judges it as if a short fault had been in the middle.
// For tests of checks only: it shows that a pattern passes and its bad twin bites before a real deployment is broken.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Budget, Finding } from "../checkers/finding.ts";
import type { HistoryEvent } from "../checkers/history.ts";
import type { Check, FaultWindow, Lane, WorkloadContext } from "../checks/check.ts";
import { createRecorder } from "../checks/recorder.ts";
import { privateServer } from "./private-server.ts";

export interface SteadyRun {
  readonly topology: "sentinel" | "cluster";
  readonly badTwin?: boolean;
  /** How long the workload runs after it became steady. */
  readonly ms?: number;
  /** Extra arguments of the server. */
  readonly server?: readonly string[];
  /** Bound on the gap; other checks and tests share the two cores. */
  readonly gapMs?: number;
}

/** Small deterministic generator (mulberry32), 0 <= x < 1. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const lanes: readonly Lane[] = [
  { tag: "a", shard: 0, aimed: true },
  { tag: "b", shard: 1, aimed: false },
];

const budgetOf = ({ budget }: Check, gapMs: number): Budget => ({
  gapMs: gapMs + budget.extraGapMs,
  lostOps: 0,
  duplicateOps: budget.duplicateOps,
  ...(budget.failedOps === undefined ? {} : { failedOps: budget.failedOps }),
  ...(budget.extra === undefined ? {} : { extra: budget.extra }),
});

const nowNs = (): bigint => process.hrtime.bigint();

const steadyWithinMs = 10_000;

/** The workload for `ms` on a fresh server, with a pretended fault from a third to a half of that time. */
export async function steadyRun(
  check: Check,
  run: SteadyRun,
): Promise<{ readonly history: readonly HistoryEvent[]; readonly finding: Finding }> {
  const { topology, badTwin = false, ms = 2000, gapMs = 1500 } = run;
  await using server = await privateServer(topology, run.server ?? []);
  const record = createRecorder(check.name, nowNs);
  const context: WorkloadContext = {
    connection: server.connection,
    lanes,
    record,
    nowNs,
    random: seeded(1),
    prefix: `t${randomBytes(4).toString("hex")}`,
    badTwin,
    outageMsMax: 5000,
    topology,
  };
  const startedAtNs = nowNs();
  const running = await check.start(context);
  const late = sleep(steadyWithinMs, "late" as const, { ref: false });
  if ((await Promise.race([running.steady, late])) === "late") {
    await running.stop();
    throw new Error(`${check.name} was not steady within ${steadyWithinMs} ms: ${record.events.length} events`);
  }
  await sleep(ms / 3);
  const injectedAtNs = nowNs();
  await sleep(ms / 6);
  const healedAtNs = nowNs();
  await sleep(ms / 6);
  const redundantAtNs = nowNs();
  await sleep(ms / 3);
  const endedAtNs = nowNs();
  await running.stop();
  const times = { startedAtNs, injectedAtNs, healedAtNs, redundantAtNs, endedAtNs };
  const window: FaultWindow = { fault: "switch-over", topology, lanes, maxLagMs: 0, budget: budgetOf(check, gapMs), ...times };
  return { history: record.events, finding: check.judge(record.events, window) };
}
