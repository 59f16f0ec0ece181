// Against a real server, in both topologies: counted once, every key with an end, uniques and percentiles.

import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { analytics, percentile, type Analytics } from "./analytics.ts";
import { createClient, type Client } from "./connection.ts";

const bounds = [10, 100, 1000];
const minuteMs = 60_000;

describe.each(["sentinel", "cluster"] as const)("analytics (%s)", (topology) => {
  let server: PrivateServer;
  let client: Client;
  const nowMs = Math.floor(Date.now() / minuteMs) * minuteMs;
  beforeAll(async () => {
    server = await privateServer(topology);
    client = createClient(server.connection);
  });
  afterAll(async () => {
    client.disconnect();
    await server[Symbol.asyncDispose]();
  });
  const series = (key = `{s}:${randomUUID()}`): Analytics => analytics(client, { key, periodMs: minuteMs, keepMs: 10 * minuteMs, bounds });

  it("counts an event with an id once, and one without an id each time", async () => {
    const views = series();
    expect(await views.count({ event: "e1", atMs: nowMs, amount: 2 })).toBe("counted");
    expect(await views.count({ event: "e1", atMs: nowMs, amount: 2 })).toBe("known");
    await views.count({ atMs: nowMs + 1 });
    await views.count({ atMs: nowMs + minuteMs });
    expect((await views.read(nowMs, nowMs + 2 * minuteMs)).map(({ count }) => count)).toEqual([3, 1]);
  });

  it("gives every bucket, its uniques, and the event an end, and leaves an ended bucket alone", async () => {
    const key = `{s}:${randomUUID()}`;
    const views = series(key);
    await views.count({ event: "e1", atMs: nowMs, visitor: "ann" });
    for (const suffix of [nowMs, `${nowMs}:uniques`, "event:e1"]) {
      const ttlMs = await client.pttl(`${key}:${suffix}`);
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(60 * minuteMs);
    }
    expect(await views.count({ event: "old", atMs: nowMs - 20 * minuteMs })).toBe("expired");
    expect(await client.exists(`${key}:${nowMs - 20 * minuteMs}`)).toBe(0);
  });

  it("tells uniques apart from visits, over one bucket and over several, within 3 % at 2000 visitors", async () => {
    const views = series();
    const visits = Array.from({ length: 4000 }, (_, at) => ({ atMs: nowMs + (at % 2) * minuteMs, visitor: `v${at % 2000}` }));
    await Promise.all(visits.map((visit) => views.count(visit)));
    expect((await views.read(nowMs, nowMs + minuteMs))[0]?.count).toBe(2000);
    const all = await views.uniques(nowMs, nowMs + 2 * minuteMs);
    expect(Math.abs(all - 2000)).toBeLessThan(60);
  });

  it("answers percentiles by the histogram's bounds", async () => {
    const views = series();
    await Promise.all([5, 6, 50, 60, 70, 500, 5000].map((size) => views.count({ atMs: nowMs, size })));
    const bins = (await views.read(nowMs, nowMs + 1))[0]?.bins ?? [];
    expect(bins).toEqual([2, 3, 1, 1]);
    expect([0.25, 0.5, 0.75, 0.99].map((q) => percentile(bins, bounds, q))).toEqual([10, 100, 1000, Number.POSITIVE_INFINITY]);
    expect(percentile([0, 0], [1], 0.5)).toBeUndefined();
  });

  it("does not notice that the script cache was emptied", async () => {
    const views = series();
    await client.call("SCRIPT", "FLUSH").catch(() => {});
    expect(await views.count({ event: "e", atMs: nowMs })).toBe("counted");
  });
});
