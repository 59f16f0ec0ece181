// Naive counters: one increment per event, no event id and no end of life. Re-sent events count again, and every bucket stays for ever.

import type { Analytics } from "../../patterns/analytics.ts";
import type { Client } from "../../patterns/connection.ts";

export function naiveAnalytics(client: Client, key: string, periodMs: number): Analytics {
  const starts = (fromMs: number, toMs: number): number[] =>
    Array.from({ length: Math.ceil((toMs - fromMs) / periodMs) }, (_, at) => Math.floor(fromMs / periodMs) * periodMs + at * periodMs);
  return {
    async count({ atMs, amount = 1, visitor = "" }) {
      const startMs = Math.floor(atMs / periodMs) * periodMs;
      await Promise.all([client.hincrby(`${key}:${startMs}`, "count", amount), client.pfadd(`${key}:${startMs}:uniques`, visitor)]);
      return "counted";
    },
    read: (fromMs, toMs) =>
      Promise.all(
        starts(fromMs, toMs).map(async (startMs) => {
          const count = Number((await client.hget(`${key}:${startMs}`, "count")) ?? 0);
          return { startMs, count, uniques: await client.pfcount(`${key}:${startMs}:uniques`), bins: [] };
        }),
      ),
    uniques: (fromMs, toMs) => client.pfcount(...starts(fromMs, toMs).map((startMs) => `${key}:${startMs}:uniques`)),
  };
}
