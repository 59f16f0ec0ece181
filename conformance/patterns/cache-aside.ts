// Cache-aside: read the cache, load the source on a miss, drop the entry after a change. One load per key at a time, a TTL on
// every key, and an answer from the source when the cache is slow or away. It is never the truth, so losing it loses nothing.

import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, Redis } from "ioredis";

export interface CacheAsideOptions {
  /** First part of every key. A `{tag}` in it pins all entries to one slot; without one they spread by id. */
  readonly prefix: string;
  /** How long an entry is fresh. Also the bound on staleness if a failover loses an invalidation. */
  readonly ttlMs: number;
  /** How much longer it is kept, to be served when the source fails. */
  readonly staleMs: number;
  /** Lifetime of "the source has no such thing": short, 5 to 30 s. */
  readonly negativeTtlMs: number;
  /** Share by which each TTL is moved up or down, 0.1 to 0.2, so that entries made together do not end together. */
  readonly jitter: number;
  /** How long one process may be the only one that loads a key. Longer than a slow load. */
  readonly leaseMs: number;
  /** For each call to the cache, 50 to 200 ms. After it the source answers. */
  readonly deadlineMs: number;
  /** After a miss of the deadline the cache is not asked for this long, so that requests do not queue up behind it. */
  readonly restMs: number;
  /** For an invalidation. Longer than a failover: a change is not done until the old entry is gone. */
  readonly invalidateMs: number;
  /** Loads at a time in this process: what the source gets when the cache is away. */
  readonly loadsMax: number;
  /** Raise it when the shape of the data changes: older entries become misses. */
  readonly schemaVersion: number;
  /** XFetch: above 0, a read may refresh before the end, the likelier the slower the load. 1 is usual. */
  readonly beta: number;
}

export interface CacheAside<T> {
  /** Undefined: the source has no such thing. Rejects only when the source does and nothing stale is at hand. */
  get(id: string): Promise<T | undefined>;
  /** Call it after the source has committed. Rejects when the cache did not confirm; the TTL then bounds the staleness. */
  invalidate(id: string): Promise<void>;
}

interface Entry<T> {
  readonly schema: number;
  readonly found: boolean;
  readonly data?: T;
  readonly freshUntilMs: number;
  readonly loadMs: number;
}

const away: unique symbol = Symbol("the cache did not answer in time");

// The fill counts only while the lease is still ours: an invalidation deletes the lease, so a load that began before it stores nothing.
const fillScript = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

async function evaluate(
  client: Redis | Cluster,
  script: string,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await client.evalsha(createHash("sha1").update(script).digest("hex"), keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
    return client.eval(script, keys.length, ...keys, ...args); // the cache of scripts is empty after a restart or a promotion
  }
}

/** The answer, or `away` on a deadline or any error: to a cache reader they are the same. */
async function within<R>(deadlineMs: number, call: Promise<R>): Promise<R | typeof away> {
  const timer = new AbortController();
  const late = sleep(deadlineMs, away, { signal: timer.signal }).catch(() => away);
  return Promise.race([call.catch(() => away), late]).finally(() => timer.abort()) as Promise<R | typeof away>;
}

/** At most `most` at a time; the rest queue in order. */
function limiter(most: number): <R>(work: () => Promise<R>) => Promise<R> {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => queue.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next(); // hands its place over
      else running--;
    }
  };
}

/** Anything that is not an entry of this schema is a miss. */
function parse<T>(text: string | null, schema: number): Entry<T> | undefined {
  try {
    const entry = JSON.parse(text ?? "null") as Entry<T> | null;
    return entry?.schema === schema && typeof entry.freshUntilMs === "number" ? entry : undefined;
  } catch {
    return undefined;
  }
}

interface Parts<T> {
  readonly client: Redis | Cluster;
  readonly source: (id: string) => Promise<T | undefined>;
  readonly options: CacheAsideOptions;
  /** One call to the cache under its deadline, or none while the cache rests. */
  readonly ask: <R>(call: () => Promise<R>) => Promise<R | typeof away>;
}

const keysOf = (prefix: string, id: string): readonly [string, string] => [`${prefix}:cache:{${id}}`, `${prefix}:cache:{${id}}:lease`];

/** Loads under the lease `token` and stores the result if the lease still holds; a failed source is covered by what is stale. */
async function loadAndFill<T>(
  { client, source, options, ask }: Parts<T>,
  id: string,
  held: { token: string; stale?: Entry<T> | undefined },
): Promise<T | undefined> {
  const keys = keysOf(options.prefix, id);
  const startedMs = performance.now();
  try {
    const data = await source(id);
    const loadMs = performance.now() - startedMs;
    const ttlMs = Math.round((data === undefined ? options.negativeTtlMs : options.ttlMs) * (1 + options.jitter * (2 * Math.random() - 1)));
    const entry = { schema: options.schemaVersion, found: data !== undefined, data, freshUntilMs: Date.now() + ttlMs, loadMs };
    await ask(() => evaluate(client, fillScript, keys, [held.token, JSON.stringify(entry), ttlMs + options.staleMs]));
    return data;
  } catch (error) {
    await ask(() => evaluate(client, releaseScript, [keys[1]], [held.token]));
    if (held.stale) return held.stale.data;
    throw error;
  }
}

/** Fresh, and not picked to be refreshed early (XFetch: the chance at one load time before the end is e^(-1/beta)). */
const usable = ({ freshUntilMs, loadMs }: Entry<unknown>, beta: number): boolean =>
  Date.now() - loadMs * beta * Math.log(1 - Math.random()) < freshUntilMs;

async function read<T>(parts: Parts<T>, id: string): Promise<T | undefined> {
  const { client, source, options, ask } = parts;
  const [key, leaseKey] = keysOf(options.prefix, id);
  const endsAt = performance.now() + options.leaseMs;
  for (;;) {
    const text = await ask(() => client.get(key));
    if (text === away) return source(id);
    const entry = parse<T>(text, options.schemaVersion);
    if (entry && usable(entry, options.beta)) return entry.data;
    const token = randomUUID();
    const lease = await ask(() => client.set(leaseKey, token, "PX", options.leaseMs, "NX"));
    if (lease === "OK") return loadAndFill(parts, id, { token, stale: entry });
    if (entry) return entry.data; // another process refreshes it
    if (lease === away || performance.now() > endsAt) return source(id);
    await sleep(10 + Math.random() * 10); // another process loads it
  }
}

/** Until the cache confirms; deleting twice does no harm. */
async function confirmed(timeoutMs: number, call: () => Promise<unknown>): Promise<void> {
  const endsAt = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < endsAt) {
    const answer = await within(
      endsAt - performance.now(),
      call().catch((error: unknown) => ((last = error), away)),
    );
    if (answer !== away) return;
    await sleep(25); // READONLY or NOREPLICAS in the middle of a failover
  }
  throw new Error(`DEADLINE: the cache did not confirm an invalidation within invalidateMs ${timeoutMs}; the TTL ends the entry`, {
    cause: last,
  });
}

/** A cache of `source`. One per process and kind of data; processes meet in the lease. */
export function createCacheAside<T>(
  client: Redis | Cluster,
  source: (id: string) => Promise<T | undefined>,
  options: CacheAsideOptions,
): CacheAside<T> {
  const limited = limiter(options.loadsMax);
  const flights = new Map<string, Promise<T | undefined>>();
  let restUntilMs = 0;
  const ask = async <R>(call: () => Promise<R>): Promise<R | typeof away> => {
    if (performance.now() < restUntilMs) return away;
    const answer = await within(options.deadlineMs, call());
    if (answer === away) restUntilMs = performance.now() + options.restMs;
    return answer;
  };
  const parts: Parts<T> = { client, source: (id) => limited(() => source(id)), options, ask };
  return Object.freeze({
    get(id: string) {
      const known = flights.get(id);
      if (known) return known;
      const flight = read(parts, id).finally(() => {
        if (flights.get(id) === flight) flights.delete(id);
      });
      flights.set(id, flight);
      return flight;
    },
    async invalidate(id: string) {
      flights.delete(id); // who asks from now on must not join a load of the old state
      await confirmed(options.invalidateMs, () => client.del(...keysOf(options.prefix, id)));
    },
  });
}
