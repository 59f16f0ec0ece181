// The lifecycle under Sentinel, with real servers: each invariant of docs/explanation/lifecycle.md is broken once.

import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { localDeployment, until, type LocalDeployment, type Options } from "./testing/deployment.ts";
import { agreed, lost, whole, writer } from "./testing/steady.ts";

const all = ["n1", "n2", "n3", "s1", "s2", "s3"];

async function up(options: Partial<Options> = {}): Promise<LocalDeployment> {
  const deployment = localDeployment({ spec: "durable-sentinel", ...options });
  for (const name of all) deployment.start(name, { HOLDFAST_BOOTSTRAP: "new" });
  await whole(deployment, 10_000);
  await until("bootstrapped on every volume", 5_000, async () =>
    all.slice(0, 3).every((name) => deployment.log(name).includes("record bootstrapped")),
  );
  return deployment;
}

/** Whom the first Sentinel that answers names: what a client follows. */
async function named(deployment: LocalDeployment): Promise<string | undefined> {
  for (const sentinel of ["s2", "s3", "s1"]) {
    const answer = await deployment.ask(sentinel, "SENTINEL", "get-master-addr-by-name", "durable-sentinel");
    if (Array.isArray(answer)) return deployment.nodes.find((name) => deployment.host(name) === answer[0]);
  }
  return undefined;
}

describe("first boot", () => {
  test("is whole within 2 s, and n1 is primary", async () => {
    await using deployment = localDeployment({ spec: "durable-sentinel" });
    const began = performance.now();
    for (const name of all) deployment.start(name, { HOLDFAST_BOOTSTRAP: "new" });
    expect(await whole(deployment, 10_000)).toEqual(["n1"]);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("without HOLDFAST_BOOTSTRAP an empty node waits, says so, and never becomes primary", async () => {
    await using deployment = localDeployment({ spec: "durable-sentinel" });
    deployment.start("n1", { HOLDFAST_WAIT_S: "2" });
    expect(await deployment.ended("n1")).toBe(75);
    expect(deployment.log("n1")).toContain("no majority of Sentinels names a primary (0 of 3 answer) -> wait");
  });
});

describe("the primary's server dies", () => {
  test("another is named within 1.5 s, nothing acknowledged is lost, and the dead one rejoins as replica", async () => {
    await using deployment = await up();
    const writing = writer(deployment, () => named(deployment));
    await sleep(500);
    process.kill(await deployment.serverPid("n1"), "SIGKILL");
    const [primary = ""] = await whole(deployment, 10_000);
    const { gapMs, acknowledged } = await writing.stop();
    expect(primary).not.toBe("n1");
    expect(await lost(deployment, primary, acknowledged)).toEqual([]);
    expect(gapMs, deployment.log("n1")).toBeLessThan(1_500);
    expect(deployment.log("n1")).toMatch(/failover asked of s1 after \d+ ms: it was the primary/);
  });

  test("with its volume emptied in the same moment, no key is lost and it comes back as replica", async () => {
    await using deployment = await up();
    const app = deployment.client("n1", "app");
    await app.set("kept", "yes");
    const pid = await deployment.serverPid("n1");
    for (const file of readdirSync(join(deployment.folder, "n1", "data")))
      rmSync(join(deployment.folder, "n1", "data", file), { recursive: true });
    process.kill(pid, "SIGKILL");
    const [primary = ""] = await whole(deployment, 10_000);
    expect(primary).not.toBe("n1");
    expect(await Promise.all(deployment.nodes.map((name) => deployment.ask(name, "DBSIZE")))).toEqual([1, 1, 1]);
  });

  test("too often: supervise stops with 70 and says so", async () => {
    await using deployment = await up({ env: { HOLDFAST_MAX_DEATHS: "1" } });
    for (const deaths of [1, 2]) {
      process.kill(
        await until(`n3 up before death ${deaths}`, 5_000, async () => (await deployment.serverPid("n3")) || undefined),
        "SIGKILL",
      );
      await sleep(300);
    }
    expect(await deployment.ended("n3")).toBe(70);
    expect(deployment.log("n3")).toContain("more than HOLDFAST_MAX_DEATHS=1");
  });
});

test("a primary that hangs past the detection time is killed, and never serves as a second primary", async () => {
  await using deployment = await up({ detectionMs: 2000 });
  const pid = await deployment.serverPid("n1");
  process.kill(pid, "SIGSTOP");
  const primary = await until("another primary", 10_000, async () => (await deployment.primaries()).find((name) => name !== "n1"));
  expect(() => process.kill(pid, "SIGCONT")).toThrow("ESRCH");
  expect(deployment.log("n1")).toMatch(/no answer for \d+ ms -> kill -9/);
  expect(await whole(deployment, 15_000)).toEqual([primary]);
});

test("SIGTERM hands over before the stop: gap below 1.5 s, nothing lost, exit 0", async () => {
  await using deployment = await up();
  const writing = writer(deployment, () => named(deployment));
  await sleep(500);
  const asked = performance.now();
  expect(await deployment.signal("n1", "SIGTERM")).toBe(0);
  expect(performance.now() - asked).toBeLessThan(5_000);
  await sleep(500);
  const { gapMs, acknowledged } = await writing.stop();
  const primary = await until("agreement", 5_000, async () => (await deployment.primaries())[0]);
  expect(await lost(deployment, primary, acknowledged)).toEqual([]);
  expect(gapMs).toBeLessThan(1_500);
  expect(deployment.log("n1")).toContain("handed over with equal offsets");
});

test("SIGTERM without a replica stops all the same, and says why it did not hand over", async () => {
  await using deployment = await up();
  await Promise.all([deployment.kill("n2"), deployment.kill("n3")]);
  expect(await deployment.signal("n1", "SIGTERM")).toBe(0);
  expect(deployment.log("n1")).toContain("no replica is online");
});

test("hand-over as a switch-over: the old primary is a linked replica within 2 s, hand-over elsewhere exits 3", async () => {
  await using deployment = await up();
  const writing = writer(deployment, () => named(deployment));
  await sleep(300);
  expect((await deployment.run("hand-over", "n1")).code).toBe(0);
  const linked = async (): Promise<boolean> => String(await deployment.ask("n1", "INFO", "replication")).includes("master_link_status:up");
  await until("n1 linked", 2_000, linked);
  expect(deployment.log("n1")).not.toContain("Full resync from master");
  await sleep(300);
  const { acknowledged } = await writing.stop();
  const [primary = ""] = await whole(deployment, 10_000);
  expect(await lost(deployment, primary, acknowledged)).toEqual([]);
  expect((await deployment.run("hand-over", "n1")).code).toBe(3);
});

test("a primary that dies before its own failover has ended comes back with its data, and all Sentinels agree within 5 s", async () => {
  await using deployment = await up();
  expect((await deployment.run("hand-over", "n1")).code).toBe(0);
  const second = await until("a new name", 5_000, async () => ((await named(deployment)) === "n1" ? undefined : named(deployment)));
  await deployment.client(second, "app").set("kept", "yes");
  process.kill(await deployment.serverPid(second), "SIGKILL");
  await sleep(500);
  const [primary = ""] = await whole(deployment, 5_000);
  expect(await deployment.client(primary, "app").get("kept")).toBe("yes");
});

describe("everybody was down", () => {
  test("the primary comes back as primary, whoever starts first", async () => {
    await using deployment = await up();
    await deployment.client("n1", "app").set("kept", "yes");
    await sleep(1_200);
    await Promise.all(all.map((name) => deployment.kill(name)));
    for (const name of ["n3", "s2", "n2", "s3", "n1", "s1"]) {
      deployment.start(name);
      await sleep(200);
    }
    expect(await whole(deployment, 20_000)).toEqual(["n1"]);
    expect(await deployment.client("n2", "app").get("kept")).toBe("yes");
  });

  test("and the primary lost its volume: the newest replica wins over the stale one that started first", async () => {
    await using deployment = await up();
    await deployment.kill("n2");
    const app = deployment.client("n1", "app");
    for (let number = 0; number < 100; number++) await app.set(`late${number}`, number);
    await sleep(2_200); // two ticks of the record
    await Promise.all(all.filter((name) => name !== "n2").map((name) => deployment.kill(name)));
    deployment.dropVolume("n1");
    for (const name of ["n2", "s1", "s2", "s3"]) deployment.start(name);
    await sleep(1_500);
    deployment.start("n1");
    await sleep(1_000);
    deployment.start("n3");
    expect(await whole(deployment, 25_000)).toEqual(["n3"]);
    expect(await deployment.ask("n2", "DBSIZE")).toBe(100);
  });

  test("and the primary never returns: the newest replica asks for the failover itself", async () => {
    await using deployment = await up({ env: { HOLDFAST_FRESHNESS_WAIT_S: "3" } });
    await deployment.kill("n2");
    await deployment.client("n1", "app").set("late", "yes");
    await sleep(2_200);
    await Promise.all(all.filter((name) => name !== "n2").map((name) => deployment.kill(name)));
    for (const name of ["n2", "n3", "s1", "s2", "s3"]) deployment.start(name);
    await until("n3 is primary", 20_000, async () => (await deployment.primaries()).includes("n3"));
    expect(await deployment.client("n3", "app").get("late")).toBe("yes");
  });

  test("and every volume is lost: the named primary stops with 78 instead of starting empty", async () => {
    await using deployment = await up({ env: { HOLDFAST_WAIT_S: "4", HOLDFAST_FRESHNESS_WAIT_S: "1" } });
    await Promise.all(all.map((name) => deployment.kill(name)));
    for (const name of ["n1", "n2", "n3"]) deployment.dropVolume(name);
    for (const name of all) deployment.start(name);
    expect(await deployment.ended("n1")).toBe(78);
    expect(deployment.log("n1")).toContain("HOLDFAST_ACCEPT_DATA_LOSS=yes");
  });
});

test("a Sentinel that lost its state is rebuilt from the others and names the same node", async () => {
  await using deployment = await up();
  expect((await deployment.run("hand-over", "n1")).code).toBe(0);
  await whole(deployment, 10_000);
  await deployment.kill("s3");
  deployment.dropVolume("s3");
  deployment.start("s3");
  const primary = await until("all agree", 5_000, () => agreed(deployment));
  expect(primary).not.toBe("n1");
});

test("ready follows role and link; alive only asks for an answer", async () => {
  await using deployment = await up();
  expect((await deployment.run("ready", "n1")).code).toBe(0);
  expect((await deployment.run("ready", "n2")).code).toBe(0);
  await Promise.all([deployment.kill("n1"), ...["s1", "s2", "s3"].map((name) => deployment.kill(name))]);
  expect(await deployment.run("ready", "n2")).toEqual({ code: 1, output: "holdfast ready n2: not ready: replica whose link is down\n" });
  expect((await deployment.run("alive", "n2")).code).toBe(0);
  expect((await deployment.run("alive", "n1")).code).toBe(1);
});

test("no secret is in an argument, a log, or a file that others can read", async () => {
  await using deployment = await up();
  const secrets = Object.values(deployment.secrets);
  const leaks: string[] = [];
  const scan = (): void => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (secrets.some((secret) => line.includes(secret))) leaks.push(line);
      } catch {
        // it ended
      }
    }
  };
  const handing = deployment.run("hand-over", "n1");
  for (const end = performance.now() + 1_500; performance.now() < end; await sleep(1)) scan();
  await handing;
  expect(leaks).toEqual([]);
  for (const name of all) for (const secret of secrets) expect(deployment.log(name)).not.toContain(secret);
  for (const file of readdirSync(join(deployment.folder, "n1", "run"), { recursive: true, encoding: "utf8" }))
    expect(statSync(join(deployment.folder, "n1", "run", file)).mode & 0o077, file).toBe(0);
});
