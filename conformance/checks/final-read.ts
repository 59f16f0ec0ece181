// The last look at what the primary holds, by a client of its own, so that a client that gave up cannot hide anything.
// When no primary answers in time it says so by its result, and the judge finds no `final` event.

import { createClient, type Client } from "../patterns/connection.ts";
import type { WorkloadContext } from "./check.ts";
import { within } from "./within.ts";

const finalReadMs = 10_000;

/** Runs `read` until it succeeds or the time is up; true when it did. `read` notes what it found only after its last question. */
export async function finalRead({ connection }: WorkloadContext, read: (client: Client) => Promise<void>): Promise<boolean> {
  const client = createClient(connection);
  const endMs = performance.now() + finalReadMs;
  try {
    while (performance.now() < endMs) {
      try {
        await within(endMs - performance.now(), () => read(client));
        return true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    return false;
  } finally {
    client.disconnect();
  }
}
