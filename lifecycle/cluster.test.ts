// The lifecycle in a Cluster of 3 shards with 2 replicas each, with real servers. Faults are aimed at shard 0 (n1, n2, n3); slot 0 is its.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { localDeployment, until, type LocalDeployment, type Options } from "./testing/deployment.ts";
import { lost, whole, writer } from "./testing/steady.ts";

const shard = ["n1", "n2", "n3"];

async function up(options: Partial<Options> = {}): Promise<LocalDeployment> {
  const deployment = localDeployment({ spec: "durable-cluster", ...options });
  for (const name of deployment.nodes) deployment.start(name, { HOLDFAST_BOOTSTRAP: "new" });
  await whole(deployment, 15_000);
  await until("bootstrapped", 5_000, async () => deployment.nodes.every((name) => deployment.log(name).includes("record bootstrapped")));
  return deployment;
}

/** The node of shard 0 that says it is primary, as a client that follows MOVED would find it. */
const primary = async (deployment: LocalDeployment, except?: string): Promise<string | undefined> =>
  (await deployment.primaries()).find((name) => shard.includes(name) && name !== except);

test("first boot: all slots served and every replica linked within 5 s", async () => {
  await using deployment = localDeployment({ spec: "durable-cluster" });
  const began = performance.now();
  for (const name of deployment.nodes) deployment.start(name, { HOLDFAST_BOOTSTRAP: "new" });
  expect(await whole(deployment, 15_000)).toEqual(["n1", "n4", "n7"]);
  expect(performance.now() - began).toBeLessThan(5_000);
});

describe("a primary's server dies", () => {
  test("a replica serves its slots within 0.5 s, nothing acknowledged is lost, and the dead one rejoins as replica", async () => {
    await using deployment = await up();
    const writing = writer(deployment, () => primary(deployment));
    await sleep(500);
    process.kill(await deployment.serverPid("n1"), "SIGKILL");
    await sleep(1_000);
    await whole(deployment, 10_000);
    const { gapMs, acknowledged } = await writing.stop();
    const now = (await primary(deployment)) ?? "";
    expect(now).not.toBe("n1");
    expect(await lost(deployment, now, acknowledged)).toEqual([]);
    expect(gapMs, deployment.log("n1")).toBeLessThan(500);
  });

  test("with its volume emptied in the same moment, no key is lost", async () => {
    await using deployment = await up();
    await deployment.client("n1", "app").set("{06S}kept", "yes");
    const pid = await deployment.serverPid("n1");
    for (const file of readdirSync(join(deployment.folder, "n1", "data")))
      rmSync(join(deployment.folder, "n1", "data", file), { recursive: true });
    process.kill(pid, "SIGKILL");
    await sleep(500);
    await whole(deployment, 10_000);
    expect(await Promise.all(shard.map((name) => deployment.ask(name, "DBSIZE")))).toEqual([1, 1, 1]);
  });
});

test("a primary that hangs past the detection time is killed and rejoins as replica", async () => {
  await using deployment = await up({ detectionMs: 2000 });
  process.kill(await deployment.serverPid("n1"), "SIGSTOP");
  await until("another primary", 10_000, () => primary(deployment, "n1"));
  expect(await whole(deployment, 15_000)).not.toContain("n1");
});

test("with the supervisor dead too, a replica takes over within 3 s, long before the node timeout of 5 s, and nothing is lost", async () => {
  await using deployment = await up();
  const writing = writer(deployment, () => primary(deployment));
  await sleep(500);
  await deployment.kill("n1");
  await until("another primary", 5_000, () => primary(deployment, "n1"));
  await sleep(500);
  const { gapMs, acknowledged } = await writing.stop();
  deployment.start("n1");
  await whole(deployment, 10_000);
  expect(await lost(deployment, (await primary(deployment)) ?? "", acknowledged)).toEqual([]);
  expect(gapMs, shard.map((name) => deployment.log(name)).join("\n")).toBeLessThan(3_000);
});

test("SIGTERM hands over: gap below 0.3 s, nothing lost, exit 0; twice in a row in the same shard", async () => {
  await using deployment = await up();
  for (let round = 0; round < 2; round++) {
    const old = (await primary(deployment)) ?? "";
    const writing = writer(deployment, () => primary(deployment));
    await sleep(300);
    expect(await deployment.signal(old, "SIGTERM")).toBe(0);
    await sleep(300);
    const { gapMs, acknowledged } = await writing.stop();
    const now = await until("another primary", 2_000, () => primary(deployment, old));
    expect(await lost(deployment, now, acknowledged)).toEqual([]);
    expect(gapMs, deployment.log(old)).toBeLessThan(300);
    deployment.start(old);
    await whole(deployment, 10_000);
  }
});

describe("everybody was down", () => {
  test("all slots come back with the same primaries", async () => {
    await using deployment = await up();
    await deployment.client("n1", "app").set("{06S}kept", "yes");
    await sleep(1_200);
    await Promise.all(deployment.nodes.map((name) => deployment.kill(name)));
    for (const name of ["n9", "n3", "n2", "n5", "n8", "n1", "n4", "n7", "n6"]) deployment.start(name);
    expect(await whole(deployment, 20_000)).toEqual(["n1", "n4", "n7"]);
    expect(await deployment.client("n1", "app").get("{06S}kept")).toBe("yes");
  });

  test("and a primary lost its volume: the newest replica wins over the stale one that started first", async () => {
    await using deployment = await up();
    await deployment.kill("n2");
    const app = deployment.client("n1", "app");
    for (let number = 0; number < 100; number++) await app.set(`{06S}${number}`, number);
    await sleep(2_200); // two ticks of the record
    await Promise.all(deployment.nodes.filter((name) => name !== "n2").map((name) => deployment.kill(name)));
    deployment.dropVolume("n1");
    for (const name of deployment.nodes) if (name !== "n1" && name !== "n3") deployment.start(name);
    await sleep(1_500);
    deployment.start("n1");
    await sleep(1_000);
    deployment.start("n3");
    expect(await whole(deployment, 25_000)).toContain("n3");
    expect(await deployment.ask("n2", "DBSIZE")).toBe(100);
  });
});
