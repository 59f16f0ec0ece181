// One fault suffered: injected once for everybody, seen to have happened, healed, and waited for until the deployment is whole again.

import { setTimeout as sleep } from "node:timers/promises";
import { msBetween } from "../checkers/history.ts";
import type { Evidence } from "../targets/target.ts";
import type { FaultRun } from "./fault-run.ts";
import { stream } from "./random.ts";
import { timeouts } from "./timeouts.ts";
import { minorityClients, type Busy } from "./workloads.ts";

interface Times {
  injectedAtNs: bigint;
  healedAtNs: bigint;
  redundantAtNs: bigint;
}

export interface Suffered {
  readonly evidence: Evidence;
  readonly times: Times;
  readonly problem?: string;
}

/** How long a client on the primary's side goes on after the heal: an old primary was seen to take writes for up to 11 s (faults-and-checks.md M20). */
const zombieWatchMs = 3000;

/** Injects, waits for the effect, heals, and waits for full redundancy. Rejects when the fault cannot be aimed. */
export async function suffer(run: FaultRun, busy: readonly Busy[], aimed: number): Promise<Suffered> {
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
