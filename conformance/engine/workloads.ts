// The workloads of one window: starts every check against the deployment, knows when all are steady, and ends them within bounds.

import { setTimeout as sleep } from "node:timers/promises";
import type { HistoryEvent } from "../checkers/history.ts";
import type { Check, Lane, Running, WorkloadContext } from "../checks/check.ts";
import { createRecorder } from "../checks/recorder.ts";
import { outageMsMax } from "../faults/budgets.ts";
import type { Injected } from "../targets/target.ts";
import type { FaultRun } from "./fault-run.ts";
import { stream } from "./random.ts";
import { timeouts } from "./timeouts.ts";

export interface Busy {
  readonly check: Check;
  readonly events: readonly HistoryEvent[];
  readonly running: Running;
}

export async function startAll(run: FaultRun, lanes: readonly Lane[]): Promise<readonly Busy[]> {
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
export const steady = (busy: readonly Busy[], signal: AbortSignal): Promise<unknown> =>
  Promise.race([
    Promise.all(busy.map(({ running }) => running.steady.catch(() => undefined))),
    sleep(timeouts.steadyMs, undefined, { signal, ref: false }),
  ]);

/** Starts a client on the primary's side of a partition for each check that has one; the result ends them. */
export async function minorityClients(busy: readonly Busy[], fault: Injected): Promise<() => Promise<void>> {
  const address = fault.minority;
  if (address === undefined) return async () => {};
  const stops = await Promise.all(busy.map(({ running }) => running.minority?.(address)));
  return async () => void (await Promise.all(stops.map((stop) => stop?.())));
}

export async function stopAll(busy: readonly Busy[]): Promise<void> {
  const bounded = busy.map(({ running }) =>
    Promise.race([running.stop().catch(() => undefined), sleep(timeouts.stopMs, undefined, { ref: false })]),
  );
  await Promise.all(bounded);
}
