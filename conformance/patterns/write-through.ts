// Write-through: the source is changed first, then the cache is given the same version. The cache never holds a version that the
// source has not, never goes back to an older one, and is never what makes a write durable. It assumes a source that numbers its versions.

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, Redis } from "ioredis";

/** A row of the source with the number of the change that made it. */
export interface Versioned<T> {
  readonly version: number;
  readonly data: T;
}

export interface Source<T> {
  read(id: string): Promise<Versioned<T> | undefined>;
  /** Commits and returns the committed row, or rejects and has changed nothing. */
  write(id: string, data: T): Promise<Versioned<T>>;
}

export interface WriteThroughOptions {
  /** First part of every key. A `{tag}` in it pins all entries to one slot; without one they spread by id. */
  readonly prefix: string;
  /** From the commit, not from the moment the cache applies it: a write that arrives late does not live longer. Also the bound on staleness. */
  readonly ttlMs: number;
  /** For each call to the cache. After it a read goes to the source and a write is done without the cache. */
  readonly deadlineMs: number;
}

export interface WriteThrough<T> {
  /** Rejects only when the source does. `cached` says what became of the old cache entry; all three answers mean "committed". */
  write(id: string, data: T): Promise<{ readonly row: Versioned<T>; readonly cached: "updated" | "invalidated" | "expires" }>;
  read(id: string): Promise<Versioned<T> | undefined>;
}

// Value: version|json. An equal or newer version stays: two writers may reach the cache in the other order.
const putScript = `
local old = redis.call('GET', KEYS[1])
if old and tonumber(string.match(old, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. '|' .. ARGV[2], 'PXAT', ARGV[3])
return 1`;

async function evaluate(client: Redis | Cluster, script: string, key: string, args: readonly (string | number)[]): Promise<unknown> {
  try {
    return await client.evalsha(createHash("sha1").update(script).digest("hex"), 1, key, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.includes("NOSCRIPT"))) throw error;
    return client.eval(script, 1, key, ...args); // the cache of scripts is empty after a restart or a promotion
  }
}

/** Rejects after `deadlineMs`. The command itself is not taken back: it may still be applied later, and must be harmless then. */
async function within<R>(deadlineMs: number, call: Promise<R>): Promise<R> {
  const timer = new AbortController();
  const late = sleep(deadlineMs, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error(`DEADLINE of ${deadlineMs} ms`)));
  late.catch(() => {}); // the abort below rejects it too
  return Promise.race([call, late]).finally(() => timer.abort());
}

function parse<T>(text: string): Versioned<T> | undefined {
  const at = text.indexOf("|");
  try {
    return at > 0 ? { version: Number(text.slice(0, at)), data: JSON.parse(text.slice(at + 1)) as T } : undefined;
  } catch {
    return undefined; // not ours: a miss
  }
}

/** A cached view of `source`. */
export function createWriteThrough<T>(client: Redis | Cluster, source: Source<T>, options: WriteThroughOptions): WriteThrough<T> {
  const keyOf = (id: string): string => `${options.prefix}:through:{${id}}`;
  const put = (id: string, row: Versioned<T>, sinceMs: number): Promise<unknown> =>
    within(
      options.deadlineMs,
      evaluate(client, putScript, keyOf(id), [row.version, JSON.stringify(row.data), Math.round(sinceMs + options.ttlMs)]),
    );
  return Object.freeze({
    async write(id: string, data: T) {
      const row = await source.write(id, data);
      try {
        await put(id, row, Date.now());
        return { row, cached: "updated" as const };
      } catch {
        // Sent after the put on the same connection, so it also removes a put that is still on its way.
        const removed = await within(options.deadlineMs, client.del(keyOf(id))).catch(() => undefined);
        return { row, cached: removed === undefined ? ("expires" as const) : ("invalidated" as const) };
      }
    },
    async read(id: string) {
      const text = await within(options.deadlineMs, client.get(keyOf(id))).catch(() => null);
      const hit = text === null ? undefined : parse<T>(text);
      if (hit) return hit;
      const readAtMs = Date.now(); // before the read: the row may be replaced while it travels
      const row = await source.read(id);
      if (row) await put(id, row, readAtMs).catch(() => {}); // only a missed chance
      return row;
    },
  });
}
