// Against a real server, in both topologies: exact under concurrency, windows against a model, bounded keys, and what happens without a server.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { rateLimiter, type Decision, type LimiterClient, type RateLimiter, type RateLimiterOptions } from "./rate-limiter.ts";

const algorithms = ["gcra", "sliding-log"] as const;

/** The largest number of admissions in any window [t, t + windowMs). */
function mostInWindow(decisions: readonly Decision[], windowMs: number): number {
  const admitted = decisions
    .filter((one) => one.allowed)
    .map((one) => one.atUs)
    .toSorted((a, b) => a - b);
  return Math.max(0, ...admitted.map((from) => admitted.filter((at) => at >= from && at < from + windowMs * 1000).length));
}

describe.each(["sentinel", "cluster"] as const)("rate limiter (%s)", (topology) => {
  let server: PrivateServer;
  let clients: Client[];
  beforeAll(async () => {
    server = await privateServer(topology);
    clients = Array.from({ length: 4 }, () => createClient(server.connection));
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await server[Symbol.asyncDispose]();
  });
  const open = (more: Partial<RateLimiterOptions>, client = clients[0]!): RateLimiter =>
    rateLimiter(client, {
      limit: 10,
      windowMs: 60_000,
      prefix: "{l}:",
      algorithm: "gcra",
      whenUnavailable: "closed",
      deadlineMs: 5000,
      ...more,
    });

  it.each(algorithms)("admits exactly 10 of 500 concurrent calls over 4 connections (%s)", async (algorithm) => {
    const subject = randomUUID();
    const limiters = clients.map((client) => open({ algorithm, burst: 10 }, client));
    const decisions = await Promise.all(Array.from({ length: 500 }, (_, at) => limiters[at % 4]!.check(subject)));
    expect(decisions.filter((one) => one.allowed).length).toBe(10);
    expect(decisions.every((one) => one.source === "server")).toBe(true);
  });

  it.each(algorithms)("writes nothing on a rejection, leaves a TTL, and holds at most the limit (%s)", async (algorithm) => {
    const [subject, limiter, client] = [randomUUID(), open({ algorithm, burst: 10 }), clients[0]!];
    for (let calls = 0; calls < 10; calls++) await limiter.check(subject);
    const before = await client.dump(`{l}:${subject}`);
    const rejected = await Promise.all(Array.from({ length: 50 }, () => limiter.check(subject)));
    expect(rejected.some((one) => one.allowed)).toBe(false);
    expect(rejected[0]).toMatchObject({ remaining: 0, limit: 10 });
    expect(rejected[0]!.retryAfterMs).toBeGreaterThan(50_000);
    expect(await client.dump(`{l}:${subject}`)).toBe(before);
    expect(await client.pttl(`{l}:${subject}`)).toBeGreaterThan(0);
    if (algorithm === "sliding-log") expect(await client.zcard(`{l}:${subject}`)).toBe(10);
  });

  it.each(algorithms)("says truly when the next call is admitted (%s)", async (algorithm) => {
    const [subject, limiter] = [randomUUID(), open({ algorithm, limit: 3, windowMs: 300, burst: 3 })];
    let decision = await limiter.check(subject);
    while (decision.allowed) decision = await limiter.check(subject);
    await sleep(decision.retryAfterMs + 1);
    expect((await limiter.check(subject)).allowed).toBe(true);
    await sleep(310);
    const fresh = await limiter.check(subject);
    expect(fresh.allowed).toBe(true);
  });

  it.each(algorithms)("never admits more than the limit in any window, and no less than a model does (property, %s)", async (algorithm) => {
    const windowMs = 80;
    const pauses = fc.array(fc.integer({ min: 0, max: 25 }), { minLength: 5, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 6 }), pauses, async (limit, waits) => {
        const burst = Math.ceil(limit / 2);
        const [subject, limiter] = [randomUUID(), open({ algorithm, limit, windowMs, burst })];
        const decisions: Decision[] = [];
        for (const waitMs of waits) {
          if (waitMs > 12) await sleep(waitMs);
          decisions.push(await limiter.check(subject));
        }
        expect(mostInWindow(decisions, windowMs)).toBeLessThanOrEqual(limit);
        if (algorithm === "sliding-log") expect(decisions.map((one) => one.allowed)).toEqual(slidingModel(decisions, limit, windowMs));
        else
          expect(decisions.map((one) => one.allowed)).toEqual(
            bucketModel(decisions, burst, Math.ceil((windowMs * 1000) / (limit - burst + 1))),
          );
      }),
      { numRuns: 12 },
    );
  });

  it("admits a call that was sent twice by the client once (sliding log)", async () => {
    const client = clients[0]!;
    const twice: LimiterClient = {
      evalsha: async (sha, keys, ...args) => {
        await client.evalsha(sha, keys, ...args).catch(() => {});
        return client.evalsha(sha, keys, ...args);
      },
      eval: (script, keys, ...args) => client.eval(script, keys, ...args),
    };
    const limiter = rateLimiter(twice, {
      limit: 5,
      windowMs: 60_000,
      prefix: "{l}:",
      algorithm: "sliding-log",
      whenUnavailable: "closed",
      deadlineMs: 5000,
    });
    const subject = randomUUID();
    for (let calls = 0; calls < 3; calls++) expect((await limiter.check(subject)).allowed).toBe(true);
    expect(await client.zcard(`{l}:${subject}`)).toBe(3);
  });

  it("cuts down a time that another server's clock put far ahead", async () => {
    const subject = randomUUID();
    await clients[0]!.set(`{l}:${subject}`, String((Date.now() + 3_600_000) * 1000));
    const decision = await open({ limit: 10, windowMs: 1000, burst: 5 }).check(subject);
    expect(decision.allowed).toBe(false);
    expect(decision.retryAfterMs).toBeLessThanOrEqual(1000);
  });
});

/** What a log of the last window admits at the times of the decisions. */
function slidingModel(decisions: readonly Decision[], limit: number, windowMs: number): readonly boolean[] {
  const log: number[] = [];
  return decisions.map(({ atUs }) => {
    const allowed = log.filter((at) => at > atUs - windowMs * 1000).length < limit;
    if (allowed) log.push(atUs);
    return allowed;
  });
}

/** A bucket of `burst` tokens, one back every interval: GCRA in other words. */
function bucketModel(decisions: readonly Decision[], burst: number, intervalUs: number): readonly boolean[] {
  let [level, lastUs] = [0, 0]; // used capacity, us
  return decisions.map(({ atUs }) => {
    level = Math.max(0, level - (atUs - lastUs));
    lastUs = atUs;
    const allowed = level + intervalUs <= burst * intervalUs;
    if (allowed) level += intervalUs;
    return allowed;
  });
}

describe("rate limiter while the server holds back its answers", () => {
  const base = { limit: 10, windowMs: 60_000, prefix: "p:", algorithm: "gcra", deadlineMs: 20 } as const;
  let server: PrivateServer;
  let client: Client;
  let admin: Client;
  beforeAll(async () => {
    server = await privateServer("sentinel");
    client = createClient(server.connection);
    admin = createClient(server.connection);
    await client.ping();
    await admin.call("CLIENT", "PAUSE", "60000", "WRITE"); // holds back every script
  });
  afterAll(async () => {
    client.disconnect();
    admin.disconnect();
    await server[Symbol.asyncDispose]();
  });

  it("answers within its deadline by the local limit when it fails open", async () => {
    const limiter = rateLimiter(client, { ...base, whenUnavailable: "open", localLimit: 5 });
    const startedMs = performance.now();
    const decisions = await Promise.all(Array.from({ length: 20 }, () => limiter.check("ann")));
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(decisions.filter((one) => one.allowed).length).toBe(5);
    expect(decisions.every((one) => one.source === "local")).toBe(true);
  });

  it("lets nobody in when it fails closed", async () => {
    const limiter = rateLimiter(client, { ...base, whenUnavailable: "closed" });
    expect(await limiter.check("ann")).toMatchObject({ allowed: false, source: "closed" });
  });

  it("asks again once the server answers, and has not piled up questions that nobody waits for", async () => {
    const limiter = rateLimiter(client, { ...base, prefix: "q:", whenUnavailable: "open" });
    for (let calls = 0; calls < 20; calls++) await limiter.check("bob");
    await admin.call("CLIENT", "UNPAUSE");
    await sleep(100);
    const decision = await limiter.check("bob");
    expect(decision).toMatchObject({ source: "server", remaining: 0 }); // the 4 overdue ones and this one used a burst of 5
  });

  it("refuses a burst that the limit cannot hold", () => {
    expect(() => rateLimiter(client, { ...base, burst: 11, whenUnavailable: "open" })).toThrow("burst is 11: give 1 to limit (10)");
  });
});
