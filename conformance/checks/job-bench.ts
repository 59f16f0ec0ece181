// What the job queue check drives: one producer with its worker, the pattern's or the naive one's, behind the same three verbs.

import type { Job } from "bullmq";
import type { JobKind, JobRules } from "../checkers/job-queue-judge.ts";
import { createClient } from "../patterns/connection.ts";
import { jobQueue, jobWorker } from "../patterns/job-queue.ts";
import { naiveJobQueue } from "./bad-twins/job-queue.ts";
import type { WorkloadContext } from "./check.ts";

export interface JobData {
  /** The job's key in the history. */
  readonly key: string;
  readonly kind: JobKind;
}

export interface JobBench {
  readonly prefix: string;
  readonly ready: Promise<void>;
  add(id: string, name: string, data: JobData): Promise<void>;
  rebuilds(): number;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly name: string;
  readonly prefix: string;
  readonly concurrency: number;
  readonly rules: JobRules;
  readonly handle: (job: Job<JobData>) => Promise<unknown>;
}

// Shorter than the pattern's defaults, so that a job whose reply was lost in a failover is taken over inside the window.
const lockMs = 6000;
const stalledMs = 2000;

export function openBench({ connection, badTwin, outageMsMax }: WorkloadContext, options: BenchOptions): JobBench {
  const { name, prefix, concurrency, rules, handle } = options;
  const connect = () => createClient(connection, "blocking");
  if (badTwin) {
    const naive = naiveJobQueue<JobData>({ name, prefix, connect, handle, concurrency, backoffMs: rules.backoffMs });
    return { ...naive, ready: Promise.resolve(), rebuilds: () => 0 };
  }
  const client = createClient(connection);
  const { attempts, backoffMs, keepCompleted, keepFailed } = rules;
  const producer = jobQueue<JobData>({
    name,
    prefix,
    client,
    deadlineMs: outageMsMax + 5000,
    attempts,
    backoffMs,
    keepCompleted,
    keepFailed,
  });
  const worker = jobWorker<JobData>({ name, prefix, connect, client, handle, concurrency, lockMs, stalledMs });
  return {
    prefix,
    ready: worker.ready,
    add: producer.add,
    rebuilds: worker.rebuilds,
    async close() {
      await worker.close();
      await producer.close();
      client.disconnect();
    },
  };
}
