// The connection preset against real servers that refuse, restart, and announce a switch at the worst moment.

import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type Cluster } from "ioredis";
import { expect, test } from "vitest";
import { privateServer } from "../testing/private-server.ts";
import { createClient, retryDelayMs } from "./connection.ts";

const admin = (port: number): Redis => {
  const client = new Redis({ host: "127.0.0.1", port });
  client.on("error", () => {});
  return client;
};

for (const topology of ["sentinel", "cluster"] as const)
  test(`a write that ${topology} refuses for want of replicas waits, and succeeds within 1 s of their return`, async () => {
    await using server = await privateServer(topology, ["--min-replicas-to-write", "1"]);
    const [operator, client] = [admin(server.port), createClient(server.connection)];
    try {
      let settled = false;
      const write = client.set("{a}:x", "1").finally(() => (settled = true));
      await sleep(600);
      expect(settled).toBe(false);
      await operator.config("SET", "min-replicas-to-write", "0");
      const startedMs = performance.now();
      expect(await write).toBe("OK");
      expect(performance.now() - startedMs).toBeLessThan(1000);
    } finally {
      client.disconnect();
      operator.disconnect();
    }
  });

test("a copy of a Cluster client waits as well: BullMQ makes its blocking connection that way", async () => {
  await using server = await privateServer("cluster", ["--min-replicas-to-write", "1"]);
  const operator = admin(server.port);
  const client = createClient(server.connection);
  const copy = (client as Cluster).duplicate();
  try {
    const write = copy.set("{a}:x", "1");
    await sleep(300);
    await operator.config("SET", "min-replicas-to-write", "0");
    expect(await write).toBe("OK");
  } finally {
    for (const open of [client, copy, operator]) open.disconnect();
  }
});

interface Detector {
  readonly sentinels: readonly { readonly client: Redis }[];
}

test("+switch-master while the client is reconnecting does not end it", async () => {
  await using server = await privateServer("sentinel");
  const operator = admin(server.port);
  const client = createClient(server.connection) as Redis;
  try {
    await client.ping();
    await sleep(200); // the failover detector subscribes after the connection is ready
    // Only a real failover makes a Sentinel say it, at a moment that no test can choose: the message is handed to the old detector.
    const old: Detector = Reflect.get(Reflect.get(client, "connector"), "failoverDetector");
    expect(old.sentinels).toHaveLength(1);
    client.once("connecting", () => old.sentinels[0]?.client.emit("message", "+switch-master", "test 127.0.0.1 1 127.0.0.1 2"));
    await operator.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    expect(await client.ping()).toBe("PONG");
    expect(client.status).toBe("ready");
  } finally {
    client.disconnect();
    operator.disconnect();
  }
});

test("the delay between tries never ends and never exceeds 1.1 s", () => {
  for (const times of [1, 10, 100, 1000, 100_000]) expect(retryDelayMs(times)).toBeLessThanOrEqual(1100);
});
