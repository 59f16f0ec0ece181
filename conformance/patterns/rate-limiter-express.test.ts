// A real Express application over HTTP with a real limiter: fields, 429, and who the client is.

import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import express from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { rateLimiter } from "./rate-limiter.ts";
import { addressKey, rateLimiterExpress } from "./rate-limiter-express.ts";

describe("rateLimiterExpress", () => {
  let redis: PrivateServer;
  let client: Client;
  const servers: Server[] = [];
  beforeAll(async () => {
    redis = await privateServer("sentinel");
    client = createClient(redis.connection);
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    client.disconnect();
    await redis[Symbol.asyncDispose]();
  });

  async function serve(name: string, trustProxy: unknown): Promise<string> {
    const app = express();
    app.set("trust proxy", trustProxy);
    app.set("env", "test");
    const limiter = rateLimiter(client, {
      limit: 2,
      windowMs: 10_000,
      prefix: `${name}:`,
      algorithm: "sliding-log",
      whenUnavailable: "closed",
      deadlineMs: 5000,
    });
    app.use(rateLimiterExpress({ limiter, policy: "default" }));
    app.get("/", (_request, response) => void response.send("in"));
    const server = app.listen(0, "127.0.0.1");
    servers.push(server);
    await new Promise((resolve) => server.once("listening", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  it("sends RateLimit fields on every answer, and 429 with Retry-After and a problem on the one too many", async () => {
    const url = await serve("fields", 1);
    const first = await fetch(url);
    expect(first.status).toBe(200);
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=2;w=10');
    expect(first.headers.get("ratelimit")).toBe('"default";r=1;t=10');
    expect(first.headers.get("retry-after")).toBeNull();
    await fetch(url);
    const third = await fetch(url);
    expect(third.status).toBe(429);
    expect(third.headers.get("ratelimit")).toMatch(/^"default";r=0;t=(9|10)$/);
    expect(third.headers.get("retry-after")).toMatch(/^(9|10)$/);
    expect(third.headers.get("content-type")).toContain("application/problem+json");
    expect(await third.json()).toMatchObject({ status: 429, "violated-policies": ["default"] });
  });

  it("does not believe addresses that the client puts in front of X-Forwarded-For", async () => {
    const url = await serve("spoofed", 1);
    const statuses: number[] = [];
    for (let at = 0; at < 4; at++)
      statuses.push((await fetch(url, { headers: { "x-forwarded-for": `10.9.8.${at}, 203.0.113.7` } })).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    expect((await fetch(url, { headers: { "x-forwarded-for": "203.0.113.8" } })).status).toBe(200);
  });

  it("takes all addresses of one IPv6 /64 for one client", async () => {
    const url = await serve("six", 1);
    const statuses: number[] = [];
    for (let at = 1; at <= 3; at++)
      statuses.push((await fetch(url, { headers: { "x-forwarded-for": `2001:db8:1:2:${at}::${at}` } })).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await fetch(url, { headers: { "x-forwarded-for": "2001:db8:1:3::1" } })).status).toBe(200);
  });

  it("refuses to guess when `trust proxy` is true", async () => {
    const answer = await fetch(await serve("true", true));
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain("set it to the number of proxies");
  });
});

describe("addressKey", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::6", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("%s -> %s", (ip, key) => expect(addressKey(ip)).toBe(key));
});
