// The check of the analytics counters: visits counted into one-second buckets, some sent twice, then every bucket read with its TTL.

import { judgeAnalytics, type CountValue, type SeriesRead } from "../checkers/analytics-judge.ts";
import { analytics, type Analytics } from "../patterns/analytics.ts";
import type { Client } from "../patterns/connection.ts";
import { naiveAnalytics } from "./bad-twins/analytics.ts";
import type { Check, WorkloadContext } from "./check.ts";
import { concludeCounting, startCounting, type Counting } from "./counted-events.ts";

const bucketMs = 1000;
const keepMs = 600_000; // longer than any run, so that nothing is lost by expiry
const visitors = 50;
const bounds = [10, 100, 1000];

const bucketStart = (): number => Math.floor(Date.now() / bucketMs) * bucketMs;

async function readSeries(
  series: Analytics,
  { client, key, fromMs }: { client: Client; key: string; fromMs: number },
): Promise<SeriesRead> {
  const toMs = Date.now() + bucketMs;
  const buckets = (await series.read(fromMs, toMs)).map(async ({ startMs, count }) => {
    const [ttlMs, uniquesTtlMs] = await Promise.all([client.pttl(`${key}:${startMs}`), client.pttl(`${key}:${startMs}:uniques`)]);
    return { startMs, count, ttlMs, uniquesTtlMs };
  });
  return { buckets: await Promise.all(buckets), uniques: await series.uniques(fromMs, toMs) };
}

function counting({ badTwin, outageMsMax }: WorkloadContext): Counting<Analytics, CountValue> {
  const fromMs = bucketStart();
  const settings = { periodMs: bucketMs, keepMs, bounds, deadlineMs: outageMsMax + 5000 };
  const open = (client: Client, key: string): Analytics =>
    badTwin ? naiveAnalytics(client, key, bucketMs) : analytics(client, { key, ...settings });
  return {
    kind: "visits",
    op: "count",
    open,
    event: (number) => ({ event: `e${number}`, startMs: bucketStart(), visitor: `v${number % visitors}` }),
    send: (series, { event, startMs, visitor }) => series.count({ event, atMs: startMs, visitor, size: startMs % 2000 }),
    read: (client, key) => readSeries(open(client, key), { client, key, fromMs }),
  };
}

export const analyticsCheck: Check = Object.freeze<Check>({
  name: "analytics",
  promise: "A bucket holds its acknowledged events, each counted once however often it was sent, and every bucket has a TTL.",
  level: "core",
  budget: { extraGapMs: 50, duplicateOps: 0, failedOps: 0 }, // one period, because the loop rests between two events
  badTwin: {
    name: "plain HINCRBY",
    violation: "buckets without TTL stay for ever, and a re-sent event is counted again",
    shownBy: "steady",
  },
  start: async (context) => startCounting(context, counting(context)),
  judge: (history, window) =>
    concludeCounting(history, window, { ...judgeAnalytics(history), op: "count", missing: "events are missing from their buckets" }),
});
