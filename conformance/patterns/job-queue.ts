// A BullMQ queue that survives failovers: a producer with a deadline and job ids, and a worker that is rebuilt when it is wedged.
// It runs a job at least once. That the effect of a job happens once is the handler's affair (make it idempotent by job id).

import { Queue, Worker, type Job } from "bullmq";
import type { Cluster, Redis } from "ioredis";

/** Throw it (or a subclass) from a handler for a failure that no retry can mend. */
export { UnrecoverableError } from "bullmq";

type Client = Redis | Cluster;

export interface QueueAddress {
  /** No colon. */
  readonly name: string;
  /** Must hold the hash tag, `{tag}`: all keys of a queue live in one slot. Other queues, other tags, other shards. */
  readonly prefix: string;
}

export interface JobQueueOptions extends QueueAddress {
  readonly client: Client;
  /** How long `add` may take; longer than any outage for work that must not be refused, 1 to 2 s in a request. */
  readonly deadlineMs: number;
  readonly attempts?: number;
  /** Before the second attempt; doubles from there, each less up to a half (jitter), so that failed jobs do not return as one wave. */
  readonly backoffMs?: number;
  /** Finished jobs that are kept: the queue must not eat the memory of the durable profile. */
  readonly keepCompleted?: number;
  readonly keepFailed?: number;
}

export interface JobQueue<Data> {
  readonly queue: Queue;
  /** `id` names the work, not the call: adding it again is safe as long as the job is kept. Not an integer, no colon. */
  add(id: string, name: string, data: Data): Promise<void>;
  close(): Promise<void>;
}

const ignore = (): void => {};

/** Settles with `call`, or rejects after `ms`; what was sent may still be applied, which the job id makes harmless. */
function within<T>(ms: number, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`DEADLINE of ${ms} ms passed; deadlineMs changes it`)), ms);
  });
  call.catch(ignore); // a rejection after the deadline has no one left to tell
  return Promise.race([call, late]).finally(() => clearTimeout(timer));
}

export function jobQueue<Data>(options: JobQueueOptions): JobQueue<Data> {
  const { name, prefix, client, deadlineMs, attempts = 3, backoffMs = 1000, keepCompleted = 1000, keepFailed = 5000 } = options;
  const queue = new Queue(name, {
    connection: client,
    prefix,
    defaultJobOptions: {
      attempts,
      backoff: { type: "exponential", delay: backoffMs, jitter: 0.5 },
      removeOnComplete: { count: keepCompleted },
      removeOnFail: { count: keepFailed },
    },
  });
  queue.on("error", ignore); // the client's own listener logs; without this one Node would end the process
  return {
    queue,
    async add(id, jobName, data) {
      await within(deadlineMs, queue.add(jobName, data, { jobId: id }));
    },
    close: () => queue.close(),
  };
}

export interface JobWorkerOptions<Data> extends QueueAddress {
  /** A new client for blocking reads: without `commandTimeout`, with `maxRetriesPerRequest: null`. The worker closes it. */
  readonly connect: () => Client;
  /** An ordinary client for the supervisor's questions. */
  readonly client: Client;
  readonly handle: (job: Job<Data>) => Promise<unknown>;
  readonly concurrency: number;
  /** A job whose worker died is taken over after this time and up to `stalledMs` more. Shorter: sooner, but an outage that is longer runs it twice. */
  readonly lockMs?: number;
  readonly stalledMs?: number;
  /** Work is due and none was taken for so long: the worker is rebuilt. */
  readonly wedgedMs?: number;
  readonly onEvent?: (what: string) => void;
}

export interface JobWorker {
  /** The first worker can take jobs. */
  readonly ready: Promise<void>;
  /** How often the supervisor replaced a wedged worker. */
  rebuilds(): number;
  close(): Promise<void>;
}

interface Built {
  readonly worker: Worker;
  end(graceMs: number): Promise<void>;
}

/** BullMQ duplicates the client for its blocking reads and cannot close the copy of a wedged worker: all copies are known here. */
function withCopies(client: Client): readonly Client[] {
  const all: Client[] = [client];
  const duplicate = (client.duplicate as (...overrides: unknown[]) => Client).bind(client);
  Object.assign(client, {
    duplicate: (...overrides: unknown[]) => {
      const copy = duplicate(...overrides);
      all.push(copy);
      return copy;
    },
  });
  return all;
}

function build<Data>(options: JobWorkerOptions<Data>, handle: (job: Job<Data>) => Promise<unknown>): Built {
  const { name, prefix, concurrency, lockMs = 30_000, stalledMs = 15_000, onEvent = ignore } = options;
  const client = options.connect();
  const all = withCopies(client);
  const worker = new Worker<Data>(name, handle, {
    connection: client,
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: stalledMs,
    maxStalledCount: 3, // every failover may stall a job once; the default of 1 fails a good job at the second
    drainDelay: 2, // s: how long one blocking read lasts, and so how soon an abandoned one is noticed
    runRetryDelay: 500, // the default waits 15 s after each refused connection
  });
  worker.on("error", (error) => onEvent(`worker error: ${error.message}`));
  return {
    worker,
    async end(graceMs) {
      const closing = worker.close(graceMs === 0).catch(ignore);
      await Promise.race([closing, new Promise((resolve) => setTimeout(resolve, graceMs || 1000))]);
      for (const copy of all) copy.disconnect();
    },
  };
}

/** Whether a job could be taken: waiting, or delayed and overdue by `lateMs` of this host's clock; never while the queue is paused. */
async function workIsDue(client: Client, { name, prefix }: QueueAddress, lateMs: number): Promise<boolean> {
  const key = (kind: string): string => `${prefix}:${name}:${kind}`;
  const [waiting, prioritized, delayed, paused] = await Promise.all([
    client.llen(key("wait")),
    client.zcard(key("prioritized")),
    client.zrange(key("delayed"), "0", "0", "WITHSCORES"),
    client.hexists(key("meta"), "paused"),
  ]);
  const dueAtMs = delayed[1] === undefined ? Infinity : Number(delayed[1]) / 0x1000; // BullMQ's score: ms x 4096 + a counter
  return paused === 0 && (waiting + prioritized > 0 || dueAtMs + lateMs < Date.now());
}

const looks = 3; // one look may fall between two jobs

/**
 * A worker under supervision. `worker.isRunning()` stays true while its blocking read is lost (seen after hung Cluster
 * primaries), so the supervisor trusts only this: work is due, and this worker took none for `wedgedMs`.
 */
export function jobWorker<Data>(options: JobWorkerOptions<Data>): JobWorker {
  const { client, wedgedMs = 3000, onEvent = ignore } = options;
  let [running, taken, takenBefore, rebuilds, idleLooks] = [0, 0, 0, 0, 0];
  let closed = false;
  const handle = async (job: Job<Data>): Promise<unknown> => {
    running++;
    taken++;
    try {
      return await options.handle(job);
    } finally {
      running--;
    }
  };
  let current = build(options, handle);
  const look = async (): Promise<void> => {
    const due = await workIsDue(client, options, wedgedMs);
    idleLooks = due && running === 0 && taken === takenBefore ? idleLooks + 1 : 0;
    takenBefore = taken;
    if (idleLooks < looks || closed) return;
    idleLooks = 0;
    rebuilds++;
    onEvent(`no job taken for ${wedgedMs} ms although work is due: worker rebuilt`);
    const wedged = current;
    current = build(options, handle);
    await wedged.end(0);
  };
  let looking = false; // during an outage the question itself waits
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch((error: Error) => onEvent(`supervisor: ${error.message}`))
      .finally(() => (looking = false));
  }, wedgedMs / looks);
  return {
    ready: current.worker.waitUntilReady().then(ignore),
    rebuilds: () => rebuilds,
    async close() {
      closed = true;
      clearInterval(timer);
      await current.end(5000);
    },
  };
}
