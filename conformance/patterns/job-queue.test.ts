// The job queue pattern against a real server: ids, permanent failures, deadlines, and a worker that went deaf.

import { setTimeout as sleep } from "node:timers/promises";
import { Redis, type Cluster } from "ioredis";
import { expect, test } from "vitest";
import { privateServer, type PrivateServer } from "../testing/private-server.ts";
import { createClient } from "./connection.ts";
import { jobQueue, jobWorker, UnrecoverableError } from "./job-queue.ts";

const where = { name: "mail", prefix: "{mail}:test" };

async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const endMs = performance.now() + withinMs; performance.now() < endMs; await sleep(10)) if (condition()) return true;
  return condition();
}

function open(server: PrivateServer, handle: (id: string) => Promise<void>) {
  const client = createClient(server.connection);
  const blocking: (Redis | Cluster)[] = [];
  const connect = () => {
    const made = createClient(server.connection, "blocking");
    blocking.push(made);
    return made;
  };
  const queue = jobQueue<object>({ ...where, client, deadlineMs: 2000, backoffMs: 20 });
  const worker = jobWorker<object>({ ...where, client, connect, concurrency: 2, wedgedMs: 900, handle: (job) => handle(job.id ?? "") });
  return {
    queue,
    worker,
    blocking,
    async [Symbol.asyncDispose]() {
      await worker.close();
      await queue.close();
      client.disconnect();
    },
  };
}

for (const topology of ["sentinel", "cluster"] as const) {
  test(`on ${topology} the same id runs once, a failed attempt runs again, and a permanent failure does not`, async () => {
    await using server = await privateServer(topology);
    const runs: string[] = [];
    await using opened = open(server, async (id) => {
      runs.push(id);
      if (id === "permanent") throw new UnrecoverableError("never");
      if (id === "flaky" && runs.filter((ran) => ran === id).length === 1) throw new Error("once");
    });
    for (const id of ["once", "once", "flaky", "permanent"]) await opened.queue.add(id, "send", {});
    expect(await until(() => runs.length === 4, 3000)).toBe(true);
    await sleep(200);
    expect(runs.toSorted()).toEqual(["flaky", "flaky", "once", "permanent"]);
  });

  test(`on ${topology} a worker whose blocking read is lost is rebuilt and takes the job within 5 s`, async () => {
    await using server = await privateServer(topology);
    const runs: string[] = [];
    await using opened = open(server, async (id) => void runs.push(id));
    await opened.worker.ready;
    // The wedge as seen after hung Cluster primaries: the client of the worker never answers again, and nobody says so.
    for (const client of opened.blocking)
      Object.assign(client, { bzpopmin: () => new Promise(() => {}), sendCommand: () => new Promise(() => {}) });
    await opened.queue.add("late", "send", {});
    expect(await until(() => runs.includes("late"), 5000)).toBe(true);
    expect(opened.worker.rebuilds()).toBeGreaterThanOrEqual(1);
  });
}

test("adding fails with a deadline error while the server is stopped, and stays quiet afterwards", async () => {
  await using server = await privateServer("sentinel");
  const client = createClient(server.connection);
  const queue = jobQueue<object>({ ...where, client, deadlineMs: 300 });
  await queue.add("first", "send", {});
  const operator = new Redis({ host: "127.0.0.1", port: server.port });
  await operator.client("PAUSE", "1500", "ALL");
  await expect(queue.add("second", "send", {})).rejects.toThrow(/DEADLINE of 300 ms passed/);
  operator.disconnect();
  client.disconnect();
});
