// The naive cache wrapper, as the article's: GET, else load and SETEX with one fixed TTL. No lease, so all who miss load at once; no
// deadline, so every request waits as long as the cache is away; no jitter, no entry for "no such thing".

import type { CacheAside } from "../../patterns/cache-aside.ts";
import type { Client } from "../../patterns/connection.ts";

export interface NaiveCacheOptions {
  readonly prefix: string;
  readonly ttlS: number;
}

export function createNaiveCache<T>(
  client: Client,
  source: (id: string) => Promise<T | undefined>,
  { prefix, ttlS }: NaiveCacheOptions,
): CacheAside<T> {
  const keyOf = (id: string): string => `${prefix}:naive-cache:${id}`;
  return Object.freeze({
    async get(id: string) {
      const text = await client.get(keyOf(id));
      if (text !== null) return JSON.parse(text) as T;
      const data = await source(id);
      if (data !== undefined) await client.setex(keyOf(id), ttlS, JSON.stringify(data));
      return data;
    },
    async invalidate(id: string) {
      await client.del(keyOf(id));
    },
  });
}
