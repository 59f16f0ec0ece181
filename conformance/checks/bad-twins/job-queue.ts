// The article's queue: one name, no hash tag, no job id, a plain worker that nobody watches. Its connection is given by the caller.

import { Queue, Worker, type Job } from "bullmq";
import type { Client } from "../../patterns/connection.ts";

export interface NaiveQueueOptions<Data> {
  readonly name: string;
  readonly prefix: string;
  readonly connect: () => Client;
  readonly handle: (job: Job<Data>) => Promise<unknown>;
  readonly concurrency: number;
  readonly backoffMs: number;
}

export function naiveJobQueue<Data>({ name, prefix, connect, handle, concurrency, backoffMs }: NaiveQueueOptions<Data>) {
  const clients = [connect(), connect()] as const;
  const untagged = prefix.replaceAll(/[{}]/g, "");
  const queue = new Queue(name, {
    connection: clients[0],
    prefix: untagged,
    defaultJobOptions: {
      attempts: 3,
      backoff: { type: "exponential", delay: backoffMs },
      removeOnComplete: { count: 100 },
      removeOnFail: { count: 50 },
    },
  });
  const worker = new Worker<Data>(name, handle, { connection: clients[1], prefix: untagged, concurrency });
  queue.on("error", () => {});
  worker.on("error", () => {});
  return {
    prefix: untagged,
    async add(_id: string, jobName: string, data: Data): Promise<void> {
      await queue.add(jobName, data);
    },
    async close(): Promise<void> {
      await Promise.race([worker.close(true).catch(() => {}), new Promise((resolve) => setTimeout(resolve, 2000))]);
      await queue.close();
      for (const client of clients) client.disconnect();
    },
  };
}
