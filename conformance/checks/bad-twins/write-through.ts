// The naive write-through: cache and source are written side by side, as in the article, and the write is reported when the cache has it.
// What the source refuses is served from the cache all the same, and a caller was told that it is safe.

import type { Client } from "../../patterns/connection.ts";
import type { Source, Versioned, WriteThrough } from "../../patterns/write-through.ts";

export interface NaiveThroughOptions {
  readonly prefix: string;
  readonly ttlS: number;
}

export function createNaiveWriteThrough<T>(client: Client, source: Source<T>, { prefix, ttlS }: NaiveThroughOptions): WriteThrough<T> {
  const keyOf = (id: string): string => `${prefix}:naive-through:${id}`;
  const read = async (id: string): Promise<Versioned<T> | undefined> => {
    const text = await client.get(keyOf(id));
    return text === null ? source.read(id) : (JSON.parse(text) as Versioned<T>);
  };
  return Object.freeze({
    read,
    async write(id: string, data: T) {
      const row = { version: ((await read(id))?.version ?? 0) + 1, data };
      const [, cached] = await Promise.allSettled([source.write(id, data), client.setex(keyOf(id), ttlS, JSON.stringify(row))]);
      if (cached.status === "rejected") throw cached.reason;
      return { row, cached: "updated" as const };
    },
  });
}
