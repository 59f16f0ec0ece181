// Real clients at their real work as the rendered users, with nothing denied on the way: ACL DRYRUN knows commands, not libraries.

import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { deploymentSpec } from "./deployment-spec.ts";
import { enginesHere, host, renderedServer, secretOf, type Running } from "./testing/rendered-server.ts";

const run = promisify(execFile);
/** One server alone: it must take writes without a replica. */
const alone = deploymentSpec({ durability: { minReplicasToWrite: 0 } });

const denials = async (server: Running): Promise<readonly unknown[]> =>
  (await server.as("operator").call("ACL", "LOG")) as readonly unknown[];

describe.each(enginesHere())("on $name $version", (engine) => {
  it("a job queue works as app within 5 s, and its library is denied nothing", async () => {
    await using server = await renderedServer(engine, alone);
    const connection = { host, port: server.port, username: "app", password: secretOf("app"), maxRetriesPerRequest: null };
    const events = new QueueEvents("mail", { connection });
    const queue = new Queue("mail", { connection });
    const worker = new Worker("mail", () => Promise.resolve("sent"), { connection });
    try {
      await Promise.all([events.waitUntilReady(), worker.waitUntilReady()]);
      const job = await queue.add("welcome", { to: "a" }, { attempts: 3 });
      expect(await job.waitUntilFinished(events, 5_000)).toBe("sent");
      await queue.upsertJobScheduler("nightly", { every: 60_000 });
      expect(await queue.getJobCounts("completed", "delayed")).toMatchObject({ completed: 1, delayed: expect.any(Number) });
      expect(await denials(server)).toEqual([]);
    } finally {
      await Promise.all([worker.close(), queue.close(), events.close()]);
    }
  });

  it("a client with ready check, pipelines, transactions and scripts works as app, and is denied nothing", async () => {
    await using server = await renderedServer(engine, alone);
    const app = new Redis({ host, port: server.port, username: "app", password: secretOf("app"), connectionName: "shop" });
    try {
      expect(await app.multi().set("k", 1).incr("k").exec()).toEqual([
        [null, "OK"],
        [null, 2],
      ]);
      expect(await app.eval("return redis.call('GET', KEYS[1])", 1, "k")).toBe("2");
      expect(await app.pipeline().get("k").ttl("k").exec()).toHaveLength(2);
      expect(await denials(server)).toEqual([]);
    } finally {
      app.disconnect();
    }
  });

  it("a backup is taken over the wire as backup, and the user's password is in no argument", async () => {
    await using server = await renderedServer(engine, alone);
    const file = join(server.folder, "backup.rdb");
    const cli = engine.binary.replace(/-server$/, "-cli");
    const secret = { REDISCLI_AUTH: secretOf("backup"), VALKEYCLI_AUTH: secretOf("backup") };
    await run(cli, ["-h", host, "-p", String(server.port), "--user", "backup", "--rdb", file], { env: { ...process.env, ...secret } });
    expect(statSync(file).size).toBeGreaterThan(80);
    expect(await denials(server)).toEqual([]);
  });
});
