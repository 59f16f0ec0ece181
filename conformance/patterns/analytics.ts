// Counters per time bucket, with uniques and a histogram: every event counts once, and no bucket is ever without an end.
// It stores numbers, not events; a question nobody asked when the event came cannot be answered later.

import { createHash } from "node:crypto";

/** What is needed of a client; ioredis `Redis` and `Cluster` both fit. */
export interface AnalyticsClient {
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>;
  hgetall(key: string): Promise<Record<string, string>>;
  pfcount(...keys: string[]): Promise<number>;
}

export interface AnalyticsOptions {
  /** Key of the series with its hash tag, e.g. `{shop}:views`. One tag keeps all buckets of a series in one slot, so that uniques can be merged. */
  readonly key: string;
  readonly periodMs: number;
  /** How long a bucket stays after its period ended. */
  readonly keepMs: number;
  /** Upper bounds of the histogram, ascending; what is larger goes to a last bin without bound. */
  readonly bounds?: readonly number[];
  /** How long an event id is remembered: longer than any sender keeps re-sending. */
  readonly eventTtlMs?: number;
  /** How long `count` keeps trying while the server refuses or cannot be reached. */
  readonly deadlineMs?: number;
}

export interface CountedEvent {
  /** The same on every re-send. Without it an event whose answer was lost may count twice (and costs one key less). */
  readonly event?: string;
  readonly atMs: number;
  readonly amount?: number;
  readonly visitor?: string;
  /** Goes to the histogram, e.g. a duration. */
  readonly size?: number;
}

export interface Bucket {
  readonly startMs: number;
  readonly count: number;
  /** Estimated by HyperLogLog, standard error 0.81 %. */
  readonly uniques: number;
  /** One number per bound, and one more for what was larger. */
  readonly bins: readonly number[];
}

export interface Analytics {
  /** `known`: counted before. `expired`: its bucket has ended its life, nothing was written. */
  count(event: CountedEvent): Promise<"counted" | "known" | "expired">;
  /** Buckets that start in [fromMs, toMs), empty ones included. */
  read(fromMs: number, toMs: number): Promise<readonly Bucket[]>;
  /** Uniques over several buckets: less than their sum. */
  uniques(fromMs: number, toMs: number): Promise<number>;
}

/** KEYS: bucket, uniques, and the event's marker where it has an id. The end of life is set in the same step as the number. */
const countScript = `
local time = redis.call('TIME')
if tonumber(ARGV[1]) <= time[1] * 1000 + time[2] / 1000 then return -1 end
if KEYS[3] and not redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('HINCRBY', KEYS[1], 'count', ARGV[3])
if ARGV[4] ~= '' then redis.call('HINCRBY', KEYS[1], ARGV[4], 1) end
redis.call('PEXPIREAT', KEYS[1], ARGV[1])
if ARGV[5] then
  redis.call('PFADD', KEYS[2], ARGV[5])
  redis.call('PEXPIREAT', KEYS[2], ARGV[1])
end
return 1`;
const countSha = createHash("sha1").update(countScript).digest("hex");

/** One round trip; the script is sent in full only to a server that does not know it (restart, promotion, SCRIPT FLUSH). */
async function runCount(client: AnalyticsClient, keys: readonly string[], args: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(countSha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return client.eval(countScript, keys.length, ...keys, ...args);
  }
}

/** Replies by which the server says that it did nothing. Only an event with an id may also be sent again after an unknown end. */
const notApplied = /^(READONLY|NOREPLICAS|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/;
const final = /^(ERR|OOM|WRONGTYPE|NOPERM|NOAUTH|WRONGPASS|CROSSSLOT)/;

interface Retry {
  readonly deadlineMs: number;
  readonly idempotent: boolean;
}

async function untilAnswered<T>({ deadlineMs, idempotent }: Retry, call: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    try {
      return await call();
    } catch (error) {
      const text = error instanceof Error ? error.message : "";
      const again = idempotent ? !final.test(text) : notApplied.test(text);
      if (!again || performance.now() + pauseMs > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

const fieldOf = (bounds: readonly number[], size: number | undefined): string =>
  size === undefined ? "" : `le:${bounds.find((bound) => size <= bound) ?? "more"}`;

export function analytics(client: AnalyticsClient, options: AnalyticsOptions): Analytics {
  const { key, periodMs, keepMs, bounds = [], eventTtlMs = 3_600_000, deadlineMs = 30_000 } = options;
  const bucketKey = (startMs: number): string => `${key}:${startMs}`;
  const uniquesKey = (startMs: number): string => `${key}:${startMs}:uniques`;
  const startOf = (atMs: number): number => Math.floor(atMs / periodMs) * periodMs;
  const starts = (fromMs: number, toMs: number): readonly number[] => {
    const first = Math.ceil(fromMs / periodMs) * periodMs;
    return Array.from({ length: Math.max(0, Math.ceil((toMs - first) / periodMs)) }, (_, at) => first + at * periodMs);
  };
  return {
    async count({ event, atMs, amount = 1, visitor, size }) {
      const startMs = startOf(atMs);
      const keys = [bucketKey(startMs), uniquesKey(startMs), ...(event === undefined ? [] : [`${key}:event:${event}`])];
      const args = [startMs + periodMs + keepMs, eventTtlMs, amount, fieldOf(bounds, size), ...(visitor === undefined ? [] : [visitor])];
      const retry = { deadlineMs, idempotent: event !== undefined };
      const reply = await untilAnswered(retry, () => runCount(client, keys, args.map(String)));
      return reply === 1 ? "counted" : reply === 0 ? "known" : "expired";
    },
    read: (fromMs, toMs) =>
      Promise.all(
        starts(fromMs, toMs).map(async (startMs) => {
          const [fields, uniques] = await Promise.all([client.hgetall(bucketKey(startMs)), client.pfcount(uniquesKey(startMs))]);
          const bins = [...bounds, "more"].map((bound) => Number(fields[`le:${bound}`] ?? 0));
          return { startMs, count: Number(fields["count"] ?? 0), uniques, bins };
        }),
      ),
    async uniques(fromMs, toMs) {
      const keys = starts(fromMs, toMs).map(uniquesKey);
      return keys.length === 0 ? 0 : client.pfcount(...keys);
    },
  };
}

/** The bound under which the share `q` (0 to 1) of the sizes lies; Infinity for the last bin, undefined when there are none. */
export function percentile(bins: readonly number[], bounds: readonly number[], q: number): number | undefined {
  const wanted = q * bins.reduce((sum, count) => sum + count, 0);
  if (wanted === 0) return undefined;
  let seen = 0;
  const at = bins.findIndex((count) => (seen += count) >= wanted);
  return bounds[at] ?? Number.POSITIVE_INFINITY;
}
