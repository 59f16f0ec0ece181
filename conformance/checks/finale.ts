// How a workload ends: its loops are given a grace, then a fresh client reads what the primary has. A client that gave up cannot hide anything.

import { setTimeout as sleep } from "node:timers/promises";
import { createClient, type Client } from "../patterns/connection.ts";
import type { WorkloadContext } from "./check.ts";
import { within } from "./within.ts";

const graceMs = 2000; // for calls under way at stop; after it they are unknown
const finalReadMs = 10_000; // a run's redundancy was awaited before, so a primary that is silent for longer is not coming

/** Stops all loops; calls still under way after the grace are given up through `stopping`. */
export async function endLoops(loops: readonly { stop(): Promise<void> }[], stopping: AbortController): Promise<void> {
  const grace = setTimeout(() => stopping.abort(), graceMs);
  await Promise.all(loops.map((running) => running.stop()));
  clearTimeout(grace);
  stopping.abort();
}

/** Runs `read` with a fresh client, again on an error, within 10 s in all. Without an answer nothing is noted, and the judge is in doubt. */
export async function finalRead(context: WorkloadContext, read: (client: Client) => Promise<void>): Promise<void> {
  const client = createClient(context.connection);
  const over = new AbortController();
  const tries = async (): Promise<void> => {
    for (;;) {
      try {
        return await read(client);
      } catch (error) {
        if (over.signal.aborted) throw error;
        await sleep(100);
      }
    }
  };
  await within(finalReadMs, tries).catch(() => {});
  over.abort();
  client.disconnect();
}
