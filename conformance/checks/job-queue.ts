// The check of the job queue: a busy queue with jobs that fail on purpose, and an idle one whose worker must still be alive afterwards.

import { setTimeout as sleep } from "node:timers/promises";
import { coverageDoubts } from "../checkers/coverage.ts";
import { conclude, type Finding } from "../checkers/finding.ts";
import type { History } from "../checkers/history.ts";
import { firstJobMs, judgeJobs, type JobRules } from "../checkers/job-queue-judge.ts";
import type { Check, FaultWindow, Running, WorkloadContext } from "./check.ts";
import { endLoops } from "./end-loops.ts";
import { faultGapMs } from "./fault-gap.ts";
import { openBench, type JobBench } from "./job-bench.ts";
import { handler, idleQueue, produce, readQueue } from "./job-load.ts";

const rules: JobRules = { attempts: 3, backoffMs: 100, concurrency: 5, keepCompleted: 200, keepFailed: 50 };
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
  const idle = idleQueue(context, prefix, rules);
  let closed = false;
  let probing = Promise.resolve();
  const probe = (waitMs: number): Promise<void> => (probing = probing.then(() => (closed ? undefined : idle.probe(waitMs))));
  const counted: JobBench = { ...bench, add: (id, name, data) => (undone.add(data.key), bench.add(id, name, data)) };
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
      await endLoops([producer], stopping);
      // The idle worker is asked once more, now that all is said to be well again.
      await Promise.all([Promise.race([probe(6000), sleep(8000)]), readQueue(context, "jobs", bench.prefix, () => [...undone])]);
      closed = true;
      context.record.note({ process: 9, op: "rebuilds", key: prefix, value: bench.rebuilds() + idle.bench.rebuilds() });
      await Promise.race([Promise.all([bench.close(), idle.bench.close()]).catch(() => {}), sleep(2500)]);
    },
  };
}

function judge(history: History, window: FaultWindow): Finding {
  const { violations, acked, ...counts } = judgeJobs(history, rules, window.budget.duplicateOps);
  const idle = firstJobMs(history, history.at(-1)?.atNs ?? window.endedAtNs);
  const processingGapMs = faultGapMs(history, window, { ops: ["execute"] });
  const deaf = history.some((event) => event.op === "final") ? idle.unanswered : [];
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
    doubts: coverageDoubts(history, acked, window),
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
