// The load of the job queue check: a producer that repeats itself, a handler that fails on purpose, an idle queue, and the last look.

import { setTimeout as sleep } from "node:timers/promises";
import { Queue, type Job } from "bullmq";
import type { JobKind, JobRules, QueueAtEnd } from "../checkers/job-queue-judge.ts";
import { createClient } from "../patterns/connection.ts";
import { UnrecoverableError } from "../patterns/job-queue.ts";
import { attempt, loop } from "./attempt.ts";
import type { WorkloadContext } from "./check.ts";
import { openBench, type JobBench, type JobData } from "./job-bench.ts";
import { within } from "./within.ts";

const addPeriodMs = 40;
const workMs = 15;
const readdEvery = 4; // a caller that did not hear the answer asks again
const outageSeenMs = 200; // an add that took longer went through an outage: the idle worker gets a job at once
const drainMs = 9000; // the lock of a lost job and two looks for stalled ones

const kindOf = (number: number): JobKind =>
  number % 25 === 7 ? "poison" : number % 25 === 17 ? "permanent" : number % 5 === 3 ? "flaky" : "plain";

/** The handler: it records each run and does what the job's kind asks. */
export function handler({ record }: WorkloadContext, op: string) {
  return async (job: Job<JobData>): Promise<void> => {
    const { key, kind } = job.data;
    const run = record.invoke({ process: 1, op, key, value: job.attemptsMade });
    await sleep(workMs);
    if (kind === "plain" || (kind === "flaky" && job.attemptsMade > 0)) return run.ok();
    run.fail("other");
    throw kind === "permanent" ? new UnrecoverableError("this job can never succeed") : new Error("this attempt fails on purpose");
  };
}

export interface Producer {
  readonly bench: JobBench;
  readonly base: string;
  readonly stopped: AbortSignal;
  readonly outageSeen: () => void;
}

/** Adds a job each period, one in four twice with the same id. */
export function produce(context: WorkloadContext, { bench, base, stopped, outageSeen }: Producer) {
  let last = 0;
  const { promise: answered, resolve: sawAnswer } = Promise.withResolvers<void>();
  const add = async (number: number): Promise<void> => {
    const data = { key: `${base}:j${number}`, kind: kindOf(number) };
    const startedMs = performance.now();
    await attempt(context.record, { process: 0, op: "add", key: data.key, value: data.kind }, () =>
      within(context.outageMsMax + 6000, () => bench.add(`j${number}`, data.kind, data), stopped),
    );
    sawAnswer();
    if (performance.now() - startedMs > outageSeenMs) outageSeen();
  };
  const running = loop(addPeriodMs, async () => {
    await add(++last);
    if (last % readdEvery === 0 && !stopped.aborted) await add(last);
  });
  return { answered, stop: () => running.stop() };
}

/** The idle queue: one job at the start, one after each outage that the producer felt, one at the end. */
export function idleQueue(context: WorkloadContext, prefix: string, rules: JobRules) {
  const base = `${prefix}:idle`;
  const done: string[] = [];
  const handle = handler(context, "idle-execute");
  const bench = openBench(context, {
    name: "idle",
    prefix,
    concurrency: 1,
    rules,
    handle: async (job) => {
      await handle(job);
      done.push(job.data.key);
    },
  });
  let last = 0;
  const probe = async (waitMs: number): Promise<void> => {
    const id = `i${++last}`;
    const key = `${base}:${id}`;
    await attempt(context.record, { process: 2, op: "idle-add", key }, () =>
      within(waitMs, () => bench.add(id, "probe", { key, kind: "plain" })),
    );
    for (const endMs = performance.now() + waitMs; !done.includes(key) && performance.now() < endMs;) await sleep(20);
  };
  return { bench, probe };
}

/** Waits until the queue is drained (bounded), then notes what is in it. */
export async function readQueue(context: WorkloadContext, name: string, prefix: string, undone: () => readonly string[]): Promise<void> {
  const client = createClient(context.connection);
  const queue = new Queue(name, { connection: client, prefix });
  queue.on("error", () => {});
  const read = async (): Promise<void> => {
    for (const endMs = performance.now() + drainMs; performance.now() < endMs; await sleep(50))
      if ((await queue.getJobCountByTypes("wait", "active", "delayed", "prioritized")) === 0) break;
    const states: Record<string, { state: string; attemptsMade: number }> = {};
    for (const key of undone()) {
      const job = await queue.getJob(key.slice(key.lastIndexOf(":") + 1));
      states[key] = { state: job ? await job.getState() : "missing", attemptsMade: job?.attemptsMade ?? 0 };
    }
    const { completed = 0, failed = 0 } = await queue.getJobCounts("completed", "failed");
    const end: QueueAtEnd = { completed, failed, states };
    context.record.note({ process: 9, op: "final", key: prefix, value: end });
  };
  await within(drainMs + 1000, read).catch(() => {}); // no note: the judge is in doubt
  await queue.close().catch(() => {});
  client.disconnect();
}
