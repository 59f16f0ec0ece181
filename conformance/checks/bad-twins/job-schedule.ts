// The article's schedule: `add` with a `repeat` option. BullMQ 6 takes it without a word and runs the job once.

import { Queue, type JobsOptions } from "bullmq";
import type { Client } from "../../patterns/connection.ts";

export interface NaiveScheduleOptions {
  readonly name: string;
  readonly prefix: string;
  readonly client: Client;
  readonly everyMs: number;
  readonly data: unknown;
}

export function naiveSchedule({ name, prefix, client, everyMs, data }: NaiveScheduleOptions) {
  const queue = new Queue(name, { connection: client, prefix });
  queue.on("error", () => {});
  return {
    async start(): Promise<void> {
      // The types of version 6 refuse `repeat`; JavaScript, as in the article, does not.
      await queue.add("tick", data, { repeat: { every: everyMs } } as JobsOptions);
    },
    async ahead(): Promise<readonly string[]> {
      return (await queue.getJobs(["delayed", "wait", "prioritized"])).flatMap((job) => (job?.id === undefined ? [] : [job.id]));
    },
    close: (): Promise<void> => queue.close(),
  };
}
