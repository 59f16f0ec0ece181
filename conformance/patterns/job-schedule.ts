// A schedule on BullMQ's job schedulers: at most one run a slot, and a reconciler that mends a broken chain.
// Missed slots are not made up for: a run that could not start in its time is skipped, as cron does.

import { Queue, type Job, type RepeatOptions } from "bullmq";
import type { Cluster, Redis } from "ioredis";

type Client = Redis | Cluster;

export interface JobScheduleOptions {
  /** The queue's name, and its prefix with the hash tag; a worker of the same queue does the runs. */
  readonly name: string;
  readonly prefix: string;
  readonly client: Client;
  /** Names the schedule. Upserting it from many hosts is safe: the last one wins. */
  readonly id: string;
  readonly repeat: Pick<RepeatOptions, "every" | "pattern" | "tz">;
  readonly template: { readonly name: string; readonly data: unknown };
  /** How often the chain is looked at; a broken one stands still for at most this long. */
  readonly reconcileMs?: number;
  readonly onEvent?: (what: string) => void;
}

export interface JobSchedule {
  /** Creates or updates the schedule; call it at every boot, then the reconciler runs. */
  start(): Promise<void>;
  /** Looks once, and upserts when no run is ahead. */
  reconcile(): Promise<"intact" | "mended">;
  /** Runs that are ahead: delayed or waiting. Exactly one in a healthy schedule. */
  ahead(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** States in which the next run will still happen; an active one has already made its successor, or will when it is taken over. */
const alive: ReadonlySet<string> = new Set(["delayed", "waiting", "prioritized", "active", "waiting-children"]);

/** The slot a scheduled job stands for, ms since the epoch: the same for every delivery of the same run. */
export const slotOf = (job: Pick<Job, "id">): number => Number(job.id?.split(":").at(-1));

/**
 * Runs `work` unless another delivery of the slot has claimed it. A job is a lease and may be delivered twice after a
 * failover; a schedule must rather skip a slot than run it twice. Resending the claim is safe: the token tells whose it is.
 */
export async function oncePerSlot<T>(
  client: Client,
  { key, token, keepS }: { key: string; token: string; keepS: number },
  work: () => Promise<T>,
): Promise<T | undefined> {
  const holder = await client.set(key, token, "EX", keepS, "NX", "GET");
  return holder === null || holder === token ? work() : undefined;
}

export function jobSchedule(options: JobScheduleOptions): JobSchedule {
  const { name, prefix, client, id, repeat, template, reconcileMs = 5000, onEvent = () => {} } = options;
  const queue = new Queue(name, { connection: client, prefix });
  queue.on("error", () => {}); // the client's own listener logs
  const upsert = async (): Promise<void> => {
    await queue.upsertJobScheduler(id, repeat, {
      name: template.name,
      data: template.data,
      opts: { removeOnComplete: { count: 100 }, removeOnFail: { count: 100 } },
    });
  };
  // The chain breaks when the job that should have made its successor is lost (taskforcesh/bullmq#3272, #3262).
  const reconcile = async (): Promise<"intact" | "mended"> => {
    const next = (await queue.getJobScheduler(id))?.next;
    if (next !== undefined && alive.has(await queue.getJobState(`repeat:${id}:${next}`))) return "intact";
    await upsert();
    onEvent(`schedule ${id} had no run ahead: upserted`);
    return "mended";
  };
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  const look = (): void => {
    if (looking) return; // during an outage the question itself waits
    looking = true;
    reconcile()
      .catch((error: Error) => onEvent(`reconciler: ${error.message}`))
      .finally(() => (looking = false));
  };
  return {
    async start() {
      await upsert();
      timer ??= setInterval(look, reconcileMs);
    },
    reconcile,
    async ahead() {
      const jobs = await queue.getJobs(["delayed", "wait", "prioritized"]);
      return jobs.flatMap((job) => (job?.repeatJobKey === id && job.id !== undefined ? [job.id] : []));
    },
    close() {
      clearInterval(timer);
      return queue.close();
    },
  };
}
