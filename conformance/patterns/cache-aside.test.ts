import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createCacheAside, type CacheAsideOptions } from "./cache-aside.ts";
import { createClient, type Client } from "./connection.ts";

const options: CacheAsideOptions = {
  prefix: "app",
  ttlMs: 5000,
  staleMs: 5000,
  negativeTtlMs: 1000,
  jitter: 0.15,
  leaseMs: 500,
  deadlineMs: 200,
  restMs: 50,
  invalidateMs: 1000,
  loadsMax: 10,
  schemaVersion: 1,
  beta: 0,
};

/** A source that counts its loads and can be broken. */
function counting(loadMs = 20) {
  const state = { loads: 0, value: "v1" as string | undefined, broken: false };
  const source = async (): Promise<string | undefined> => {
    state.loads++;
    const seen = state.value;
    await sleep(loadMs);
    if (state.broken) throw new Error("the source is down");
    return seen;
  };
  return { state, source };
}

describe.each(["sentinel", "cluster"] as const)("cache-aside on %s", (topology) => {
  let server: PrivateServer;
  let client: Client;
  let other: Client;
  beforeAll(async () => {
    server = await privateServer(topology);
    client = createClient(server.connection);
    other = createClient(server.connection);
  });
  afterAll(async () => {
    client.disconnect();
    other.disconnect();
    await server[Symbol.asyncDispose]();
  });
  test("loads a key once for 20 readers in two processes, and then never inside the TTL", async () => {
    const { state, source } = counting();
    const caches = [client, other].map((each) => createCacheAside(each, source, { ...options, prefix: "once" }));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => caches[index % 2]!.get("k")));
    expect(new Set(answers)).toEqual(new Set(["v1"]));
    expect(state.loads).toBe(1);
    await caches[0]!.get("k");
    expect(state.loads).toBe(1);
  });

  test("keeps 'no such thing' for its own short time", async () => {
    const { state, source } = counting(1);
    state.value = undefined;
    const cache = createCacheAside(client, source, { ...options, prefix: "none", negativeTtlMs: 200, staleMs: 0 });
    expect([await cache.get("k"), await cache.get("k")]).toEqual([undefined, undefined]);
    expect(state.loads).toBe(1);
    await sleep(260);
    await cache.get("k");
    expect(state.loads).toBe(2);
  });

  test("does not store what it loaded before an invalidation", async () => {
    const { state, source } = counting(100);
    const cache = createCacheAside(client, source, { ...options, prefix: "race" });
    const slow = cache.get("k");
    await sleep(40);
    state.value = "v2";
    await cache.invalidate("k");
    expect(await slow).toBe("v1");
    expect(await cache.get("k")).toBe("v2");
  });

  test("serves the stale entry when the source fails, and the failure when there is none", async () => {
    const { state, source } = counting(1);
    const cache = createCacheAside(client, source, { ...options, prefix: "stale", ttlMs: 50, jitter: 0 });
    await cache.get("k");
    await sleep(80);
    state.broken = true;
    expect(await cache.get("k")).toBe("v1");
    await expect(cache.get("other")).rejects.toThrow("the source is down");
    state.broken = false;
    expect(await cache.get("other")).toBe("v1"); // the lease was given back
  });

  test("takes garbage and another schema for a miss", async () => {
    const { state, source } = counting(1);
    await client.set("odd:cache:{k}", "{not json");
    expect(await createCacheAside(client, source, { ...options, prefix: "odd" }).get("k")).toBe("v1");
    await createCacheAside(client, source, { ...options, prefix: "odd", schemaVersion: 2 }).get("k");
    expect(state.loads).toBe(2);
  });

  test("gives every key a TTL inside the jitter", async () => {
    const { source } = counting(1);
    const cache = createCacheAside(client, source, { ...options, prefix: "ttl", staleMs: 0 });
    const ids = Array.from({ length: 30 }, (_, index) => `k${index}`);
    await Promise.all(ids.map((id) => cache.get(id)));
    const ttls = await Promise.all(ids.map((id) => client.pttl(`ttl:cache:{${id}}`)));
    expect(Math.min(...ttls)).toBeGreaterThan(5000 * 0.85 - 500);
    expect(Math.max(...ttls)).toBeLessThanOrEqual(5000 * 1.15);
    expect(new Set(ttls).size).toBeGreaterThan(10);
  });

  test("refreshes early with XFetch while others still get the entry", async () => {
    const { state, source } = counting(30);
    const cache = createCacheAside(client, source, { ...options, prefix: "early", ttlMs: 200, jitter: 0, beta: 2 });
    await cache.get("k");
    for (let tries = 0; tries < 20; tries++) {
      await cache.get("k");
      await sleep(10);
    }
    expect(state.loads).toBeGreaterThanOrEqual(2);
  });
});

test("answers from the source within deadline + load when the cache is gone, and does not claim an invalidation", async () => {
  const server = await privateServer("sentinel");
  const client = createClient(server.connection);
  const cache = createCacheAside(client, async () => "v", { ...options, deadlineMs: 100, invalidateMs: 200 });
  await cache.get("k");
  await server[Symbol.asyncDispose]();
  const startedMs = performance.now();
  expect(await cache.get("k")).toBe("v");
  expect(performance.now() - startedMs).toBeLessThan(300);
  await expect(cache.invalidate("k")).rejects.toThrow("DEADLINE");
  client.disconnect();
});
