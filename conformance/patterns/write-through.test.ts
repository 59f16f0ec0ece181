import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { createWriteThrough, type Source, type Versioned } from "./write-through.ts";

const options = { prefix: "app", ttlMs: 5000, deadlineMs: 200 };

function memory(): Source<string> & { readonly rows: Map<string, Versioned<string>>; reads: number } {
  const rows = new Map<string, Versioned<string>>();
  return {
    rows,
    reads: 0,
    async read(id) {
      this.reads++;
      return rows.get(id);
    },
    async write(id, data) {
      if (data === "refused") throw new Error("the source refuses");
      const row = { version: (rows.get(id)?.version ?? 0) + 1, data };
      rows.set(id, row);
      return row;
    },
  };
}

describe.each(["sentinel", "cluster"] as const)("write-through on %s", (topology) => {
  let server: PrivateServer;
  let client: Client;
  beforeAll(async () => {
    server = await privateServer(topology);
    client = createClient(server.connection);
  });
  afterAll(async () => {
    client.disconnect();
    await server[Symbol.asyncDispose]();
  });

  test("serves what was written from the cache", async () => {
    const source = memory();
    const cache = createWriteThrough(client, source, { ...options, prefix: "hit" });
    expect(await cache.write("k", "a|b")).toEqual({ row: { version: 1, data: "a|b" }, cached: "updated" });
    expect(await cache.read("k")).toEqual({ version: 1, data: "a|b" });
    expect(source.reads).toBe(0);
  });

  test("leaves the cache alone when the source refuses", async () => {
    const cache = createWriteThrough(client, memory(), { ...options, prefix: "refuse" });
    await cache.write("k", "good");
    await expect(cache.write("k", "refused")).rejects.toThrow("the source refuses");
    expect(await cache.read("k")).toEqual({ version: 1, data: "good" });
  });

  test("never puts an older version over a newer one", async () => {
    const source = memory();
    const cache = createWriteThrough(client, source, { ...options, prefix: "order" });
    await cache.write("k", "one");
    await cache.write("k", "two");
    const late = createWriteThrough(
      client,
      { ...source, write: async () => ({ version: 1, data: "one" }) },
      { ...options, prefix: "order" },
    );
    await late.write("k", "one");
    expect(await cache.read("k")).toEqual({ version: 2, data: "two" });
  });

  test("fills a miss from the source and lets it expire", async () => {
    const source = memory();
    source.rows.set("k", { version: 7, data: "seven" });
    const cache = createWriteThrough(client, source, { ...options, prefix: "fill", ttlMs: 150 });
    expect(await cache.read("k")).toEqual({ version: 7, data: "seven" });
    await cache.read("k");
    expect(source.reads).toBe(1);
    await sleep(200);
    await cache.read("k");
    expect(source.reads).toBe(2);
  });
});

test("commits and reads within its deadlines when the cache is gone, and says so", async () => {
  const server = await privateServer("sentinel");
  const client = createClient(server.connection);
  const cache = createWriteThrough(client, memory(), { ...options, deadlineMs: 100 });
  await cache.write("k", "one");
  await server[Symbol.asyncDispose]();
  const startedMs = performance.now();
  expect(await cache.write("k", "two")).toEqual({ row: { version: 2, data: "two" }, cached: "expires" });
  expect(await cache.read("k")).toEqual({ version: 2, data: "two" });
  expect(performance.now() - startedMs).toBeLessThan(800);
  client.disconnect();
});
