import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient, type Client } from "./connection.ts";
import { createSessionStore, StoreUnavailable, type SessionStoreOptions } from "./session-store.ts";

const options: SessionStoreOptions = {
  prefix: "app",
  idleMs: 60_000,
  absoluteMs: 3_600_000,
  replicasToWait: 0,
  waitMs: 100,
  deadlineMs: 2000,
};

async function keysOf(port: number, pattern: string): Promise<string[]> {
  const direct = new Redis({ host: "127.0.0.1", port });
  const keys = await direct.keys(pattern);
  direct.disconnect();
  return keys;
}

describe.each(["sentinel", "cluster"] as const)("session store on %s", (topology) => {
  let server: PrivateServer;
  let client: Client;
  const storeWith = (changed: Partial<SessionStoreOptions> = {}) => createSessionStore<string>(client, { ...options, ...changed });
  beforeAll(async () => {
    server = await privateServer(topology);
    client = createClient(server.connection);
  });
  afterAll(async () => {
    client.disconnect();
    await server[Symbol.asyncDispose]();
  });

  test("creates, reads and updates a session, and keeps its id off the server", async () => {
    const store = storeWith();
    const id = await store.create("ann", "a|b");
    expect(await store.read(id)).toEqual({ version: 1, userId: "ann", data: "a|b" });
    expect(await store.update(id, { userId: "ann", data: "c", version: 1 })).toBe("updated");
    expect(await store.read(id)).toEqual({ version: 2, userId: "ann", data: "c" });
    const keys = await keysOf(server.port, "app:session:*");
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.some((key) => key.includes(id))).toBe(false);
  });

  test("refuses an update of an older version, accepts the same update sent twice", async () => {
    const store = storeWith();
    const id = await store.create("ann", "1");
    const next = { userId: "ann", data: "2", version: 1 };
    expect(await store.update(id, next)).toBe("updated");
    expect(await store.update(id, next)).toBe("updated");
    expect(await store.update(id, { ...next, data: "other" })).toBe("conflict");
    expect(await store.update(id, { userId: "bob", data: "2" })).toBe("other-user");
  });

  test("does not bring a destroyed session back when a slow request saves it", async () => {
    const store = storeWith();
    const id = await store.create("ann", "1");
    const slow = await store.read(id);
    await store.destroy(id);
    expect(await store.update(id, slow!)).toBe("gone");
    expect(await store.update(id, { userId: "ann", data: "x" })).toBe("gone");
    expect(await store.read(id)).toBeUndefined();
  });

  test("creates an id once, and the same create sent twice is one success", async () => {
    const store = storeWith();
    const id = `fixed-${topology}`;
    expect(await store.createAs(id, "ann", "1")).toBe(true);
    expect(await store.createAs(id, "ann", "1")).toBe(true);
    expect(await store.createAs(id, "bob", "1")).toBe(false);
  });

  test("regenerates: the old id is dead, the new one carries the user", async () => {
    const store = storeWith();
    const old = await store.create("ann", "guest");
    const id = await store.regenerate(old, "admin");
    expect(await store.read(old)).toBeUndefined();
    expect(await store.read(id!)).toMatchObject({ userId: "ann", data: "admin" });
    expect(await store.regenerate(old, "x")).toBeUndefined();
  });

  test("logs a user out everywhere, not others, and lets the user in again", async () => {
    const store = storeWith();
    const [first, second, other] = [await store.create("eve", "1"), await store.create("eve", "2"), await store.create("bob", "3")];
    await store.logOutEverywhere("eve");
    expect([await store.read(first), await store.read(second)]).toEqual([undefined, undefined]);
    expect(await store.read(other)).toMatchObject({ userId: "bob" });
    expect(await store.read(await store.create("eve", "4"))).toMatchObject({ data: "4" });
  });

  test("ends an idle session and a busy one at its absolute age", async () => {
    const idle = storeWith({ idleMs: 120 });
    const quiet = await idle.create("ann", "1");
    const busy = storeWith({ idleMs: 10_000, absoluteMs: 200 });
    const active = await busy.create("ann", "1");
    await sleep(150);
    expect(await idle.read(quiet)).toBeUndefined();
    expect(await busy.read(active)).toBeDefined();
    await sleep(100);
    expect(await busy.read(active)).toBeUndefined();
  });

  test("slides the idle clock, but only after a tenth of it has passed", async () => {
    const store = storeWith({ prefix: `{one}:${topology}`, idleMs: 1000 });
    await store.create("ann", "1");
    const id = await store.create("ann", "2");
    const keys = await keysOf(server.port, "{one}*");
    const longestTtlMs = async (): Promise<number> => Math.max(...(await Promise.all(keys.map((key) => client.pttl(key)))));
    await store.read(id);
    await sleep(300);
    expect(await longestTtlMs()).toBeLessThan(760);
    await store.read(id);
    expect(await longestTtlMs()).toBeGreaterThan(900);
  });

  test("does not report a logout that no replica has, within its deadline of 300 ms", async () => {
    const store = storeWith({ replicasToWait: 1, waitMs: 50, deadlineMs: 300 });
    const id = await store.create("ann", "1");
    const startedMs = performance.now();
    await expect(store.destroy(id)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(await store.read(id)).toBeUndefined(); // gone here all the same, only not promised
  });
});

test("fails closed within its deadline when the server is gone", async () => {
  const server = await privateServer("sentinel");
  const client = createClient(server.connection);
  const store = createSessionStore<string>(client, { ...options, deadlineMs: 300 });
  const id = await store.create("ann", "1");
  await server[Symbol.asyncDispose]();
  await expect(store.read(id)).rejects.toBeInstanceOf(StoreUnavailable);
  client.disconnect();
});

test("reports a logout once a replica has it, and not while the replica is stuck, even when there was nothing to delete", async () => {
  await using server = await privateServer("sentinel");
  await using copy = await privateServer("sentinel", ["--replicaof", `127.0.0.1 ${server.port}`, "--enable-debug-command", "yes"]);
  const client = createClient(server.connection);
  const replica = new Redis({ host: "127.0.0.1", port: copy.port });
  const store = createSessionStore<string>(client, { ...options, replicasToWait: 1, deadlineMs: 5000 });
  const id = await store.create("ann", "1");
  await store.destroy(id);
  expect(await replica.keys("app:session:*[^e]")).toEqual([]); // the marker ends in :gone
  const hasty = createSessionStore<string>(client, { ...options, replicasToWait: 1, deadlineMs: 400 });
  const stuck = replica.call("DEBUG", "SLEEP", "1.5");
  await sleep(50);
  await expect(hasty.destroy(id)).rejects.toBeInstanceOf(StoreUnavailable);
  await stuck;
  await store.destroy(id);
  replica.disconnect();
  client.disconnect();
});
