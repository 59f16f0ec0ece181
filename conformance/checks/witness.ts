// The witness: a plain write now and then on a shard the fault is not aimed at. It measures the blast radius and nothing else.

import type { History } from "../checkers/history.ts";
import type { Client } from "../patterns/connection.ts";
import { attempt, loop } from "./attempt.ts";
import type { FaultWindow, WorkloadContext } from "./check.ts";
import { faultGapMs, witnessLane } from "./fault-gap.ts";
import { within } from "./within.ts";

const periodMs = 100;
const op = "witness";

/** Runs until stopped; does nothing where there is no other shard. */
export function startWitness(context: WorkloadContext, client: Client, stopped: AbortSignal): { stop(): Promise<void> } {
  const lane = witnessLane(context.lanes);
  if (!lane) return { stop: async () => {} };
  const key = `{${lane.tag}}:${context.prefix}:witness`;
  return loop(periodMs, async () => {
    await attempt(context.record, { process: 8, op, key }, () =>
      within(context.outageMsMax + 5000, () => client.set(key, "1", "PX", 60_000), stopped),
    );
  });
}

/** `otherShardsGapMs` for a finding's `extra`; empty where there was no witness. */
export function witnessed(history: History, window: FaultWindow): Readonly<Record<string, number>> {
  const lane = witnessLane(window.lanes);
  const gapMs = lane ? faultGapMs(history, window, { ops: [op], lane }) : null;
  return gapMs === null ? {} : { otherShardsGapMs: gapMs };
}
