// Writes unique keys of one lane in a closed loop and reads all of them back: what the connection check and its final read share.

import type { Client } from "../patterns/connection.ts";
import type { FinalRead } from "../checkers/connection-judge.ts";
import { attempt, loop } from "./attempt.ts";
import type { WorkloadContext } from "./check.ts";
import { within } from "./within.ts";

const keyLifeS = 600; // longer than any run, so that nothing is lost by expiry, and nothing stays for ever
const batchKeys = 500;

export interface LaneWriter {
  /** `{tag}:prefix:w`; keys are `<base>:<number>`. */
  readonly base: string;
  readonly process: number;
  readonly periodMs: number;
  readonly client: Client;
  readonly stopped: AbortSignal;
}

/** Runs until stopped. `acked` resolves at the first acknowledgement. */
export function writeLane(context: WorkloadContext, { base, process, periodMs, client, stopped }: LaneWriter) {
  let last = 0;
  const { promise: acked, resolve: sawAck } = Promise.withResolvers<void>();
  const deadlineMs = context.outageMsMax + 5000;
  const running = loop(periodMs, async () => {
    const value = ++last;
    const key = `${base}:${value}`;
    const answer = await attempt(context.record, { process, op: "write", key, value }, () =>
      within(deadlineMs, () => client.set(key, value, "EX", keyLifeS), stopped),
    );
    if (answer === "OK") sawAck();
  });
  return { acked, last: () => last, stop: () => running.stop() };
}

/** Asks the primary for every number up to `to`; throws when it cannot say. */
export async function readLane(client: Client, base: string, to: number): Promise<FinalRead> {
  const absent: number[] = [];
  for (let from = 1; from <= to; from += batchKeys) {
    const numbers = Array.from({ length: Math.min(batchKeys, to - from + 1) }, (_, at) => from + at);
    const values = await client.mget(numbers.map((number) => `${base}:${number}`));
    absent.push(...numbers.filter((_, at) => values[at] === null));
  }
  return { to, absent };
}
