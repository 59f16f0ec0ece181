// The check of the job queue: a busy queue with jobs that fail on purpose, and an idle one whose worker must still be alive afterwards.

import { setTimeout as sleep } from "node:timers/promises";
import { Queue, type Job } from "bullmq";
import { conclude, type Finding } from "../checkers/finding.ts";
import { longestGapMs } from "../checkers/gap.ts";
import type { History } from "../checkers/history.ts";
import { firstJobMs, judgeJobs, type JobKind, type JobRules, type QueueAtEnd } from "../checkers/job-queue-judge.ts";
import { createClient } from "../patterns/connection.ts";
import { UnrecoverableError } from "../patterns/job-queue.ts";
import { attempt, loop } from "./attempt.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { faultGapMs } from "./fault-gap.ts";
import { openBench, type JobBench, type JobData } from "./job-bench.ts";
import { within } from "./within.ts";

const rules: JobRules = { attempts: 3, backoffMs: 100, concurrency: 5, keepCompleted: 200, keepFailed: 50 };
const addPeriodMs = 40;
const workMs = 15;
const readdEvery = 4; // a caller that did not hear the answer asks again
const outageSeenMs = 200; // an add that took longer went through an outage: the idle worker gets a job at once
const graceMs = 2000;
const drainMs = 9000; // lockMs + two looks for stalled jobs
const ackedOpsMin = 20;

const kindOf = (number: number): JobKind =>
  number % 25 === 7 ? "poison" : number % 25 === 17 ? "permanent" : number % 5 === 3 ? "flaky" : "plain";

/** The handler: it records each run and does what the job's kind asks. */
function handler({ record }: WorkloadContext, op: string) {
  return async (job: Job<JobData>): Promise<void> => {
    const { key, kind } = job.data;
    const run = record.invoke({ process: 1, op, key, value: job.attemptsMade });
    await sleep(workMs);
    if (kind === "plain" || (kind === "flaky" && job.attemptsMade > 0)) return run.ok();
    run.fail("other");
    throw kind === "permanent" ? new UnrecoverableError("this job can never succeed") : new Error("this attempt fails on purpose");
  };
}

interface Producer {
  readonly bench: JobBench;
  readonly base: string;
  readonly stopped: AbortSignal;
  readonly outageSeen: () => void;
}

/** Adds a job each period, one in four twice with the same id. */
function produce(context: WorkloadContext, { bench, base, stopped, outageSeen }: Producer) {
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
function idleQueue(context: WorkloadContext, prefix: string) {
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
async function readQueue(context: WorkloadContext, name: string, prefix: string, undone: () => readonly string[]): Promise<void> {
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

async function start(context: WorkloadContext): Promise<Running> {
  const prefix = `{${context.lanes[0]?.tag ?? "a"}}:${context.prefix}`;
  const stopping = new AbortController();
  const undone = new Set<string>();
  const handle = handler(context, "execute");
  const bench = openBench(context, {
    name: "jobs",
    prefix,
    concurrency: rules.concurrency,
    rules,
    handle: async (job) => {
      undone.add(job.data.key);
      await handle(job);
      undone.delete(job.data.key);
    },
  });
  const idle = idleQueue(context, prefix);
  let probing = Promise.resolve();
  const probe = (waitMs: number): Promise<void> =>
    (probing = probing.then(() => (stopping.signal.aborted ? undefined : idle.probe(waitMs))));
  const added = new Set<string>();
  const counted: JobBench = { ...bench, add: (id, name, data) => (undone.add(data.key), added.add(id), bench.add(id, name, data)) };
  const producer = produce(context, {
    bench: counted,
    base: `${prefix}:jobs`,
    stopped: stopping.signal,
    outageSeen: () => void probe(8000),
  });
  return {
    steady: Promise.all([
      producer.answered,
      context.badTwin ? sleep(300) : Promise.all([bench.ready, idle.bench.ready]).then(() => probe(8000)),
    ]).then(() => {}),
    async stop() {
      const grace = setTimeout(() => stopping.abort(), graceMs);
      await producer.stop();
      clearTimeout(grace);
      await Promise.all([Promise.race([probe(6000), sleep(8000)]), readQueue(context, "jobs", bench.prefix, () => [...undone])]);
      stopping.abort();
      context.record.note({ process: 9, op: "rebuilds", key: prefix, value: bench.rebuilds() + idle.bench.rebuilds() });
      await Promise.race([Promise.all([bench.close(), idle.bench.close()]).catch(() => {}), sleep(2500)]);
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { violations, acked, ...counts } = judgeJobs(history, rules, window.budget.duplicateOps);
  const idle = firstJobMs(history, history.at(-1)?.atNs ?? window.endedAtNs);
  const final = history.some((event) => event.op === "final");
  const early = window.injectedAtNs - 500_000_000n;
  const processingGapMs = longestGapMs(history, {
    ops: ["execute"],
    fromNs: early > window.startedAtNs ? early : window.startedAtNs,
    toNs: window.redundantAtNs,
  });
  const ackedAt = (found: (atNs: bigint) => boolean): boolean => acked.some(({ outcome }) => outcome !== undefined && found(outcome.atNs));
  const doubts: string[] = [];
  if (acked.length < ackedOpsMin) doubts.push(`only ${acked.length} jobs were accepted`);
  if (!ackedAt((atNs) => atNs < window.injectedAtNs)) doubts.push("no job was accepted before the fault");
  if (!ackedAt((atNs) => atNs > window.healedAtNs)) doubts.push("no job was accepted after the heal");
  if (!final) doubts.push("the final read found no primary");
  const deaf = final ? idle.unanswered : [];
  return conclude({
    measured: {
      gapMs: faultGapMs(history, window, { ops: ["add"] }),
      ackedOps: acked.length,
      ...counts,
      extra: {
        ...(idle.ms === null ? {} : { firstJobMs: idle.ms }),
        ...(processingGapMs === null ? {} : { processingGapMs }),
        workerRebuilds: Number(history.findLast((event) => event.op === "rebuilds")?.value ?? 0),
      },
    },
    budget: window.budget,
    violations: [
      ...violations,
      ...(deaf.length > 0
        ? [{ what: `the idle worker never took ${deaf.length} jobs`, evidence: deaf.map((call) => call.invoke.index) }]
        : []),
    ],
    doubts,
    limits: [],
  });
}

export const jobQueueCheck: Check = Object.freeze<Check>({
  name: "job-queue",
  promise:
    "Every accepted job runs to its end at least once, within its attempts, backoff and concurrency, and an idle worker takes its first job after a fault.",
  level: "core",
  budget: {
    extraGapMs: 0,
    duplicateOps: rules.concurrency, // a job is a lease: those under way at the fault may run again
    failedOps: 0,
    extra: { firstJobMs: 5000 }, // after service is back: one blocking read (3 s with its watchdog) or one rebuild (3 s)
  },
  badTwin: {
    name: "the article's queue",
    violation: "no hash tag: CROSSSLOT in Cluster; no job id: a repeated add runs the job twice",
    shownBy: "steady",
  },
  start,
  judge,
});
