// The connection check against a real server: it passes when nothing happens, and the article's options do not survive a dead primary.

import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { privateServer } from "../testing/private-server.ts";
import { steadyRun } from "../testing/steady-run.ts";
import type { FaultWindow } from "./check.ts";
import { connectionCheck } from "./connection.ts";
import { createRecorder } from "./recorder.ts";

for (const topology of ["sentinel", "cluster"] as const)
  test(`passes on ${topology} when nothing happens`, async () => {
    const { finding, history } = await steadyRun(connectionCheck, { topology });
    expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, failedOps: 0, unknownOps: 0 } });
    expect(finding.measured.ackedOps).toBeGreaterThan(50);
    expect(history.length).toBeLessThan(1500);
  });

const nowNs = (): bigint => process.hrtime.bigint();

/** One second of service, then the only server is shut down for good, and the workload is stopped `afterMs` later. */
async function deadPrimary(badTwin: boolean, afterMs: number) {
  await using server = await privateServer("sentinel");
  const record = createRecorder("connection", nowNs);
  const lanes = [{ tag: "a", shard: 0, aimed: true }];
  const startedAtNs = nowNs();
  const running = await connectionCheck.start({
    connection: server.connection,
    lanes,
    record,
    nowNs,
    badTwin,
    topology: "sentinel",
    random: () => 0.5,
    prefix: "t",
    outageMsMax: 5000,
  });
  await running.steady;
  await sleep(500);
  const injectedAtNs = nowNs();
  const admin = new Redis({ host: "127.0.0.1", port: server.port, retryStrategy: () => null });
  admin.on("error", () => {});
  await admin.call("SHUTDOWN", "NOSAVE").catch(() => {});
  await sleep(afterMs);
  const endedAtNs = nowNs();
  await running.stop();
  const stopMs = Number(nowNs() - endedAtNs) / 1e6;
  const window: FaultWindow = {
    fault: "crash-primary",
    topology: "sentinel",
    lanes,
    maxLagMs: 0,
    budget: { gapMs: 1500, lostOps: 0, duplicateOps: 0, failedOps: 0 },
    startedAtNs,
    injectedAtNs,
    healedAtNs: endedAtNs,
    redundantAtNs: endedAtNs,
    endedAtNs,
  };
  return { finding: connectionCheck.judge(record.events, window), stopMs };
}

test("the article's options reject calls within a second of a crash, which is a violation", async () => {
  const { finding } = await deadPrimary(true, 1500);
  expect(finding.verdict).toBe("violation");
  expect(finding.reason).toMatch(/calls were rejected instead of waiting/);
});

test("the article's client is dead for good 6 s after a crash", async () => {
  const { finding } = await deadPrimary(true, 7000);
  expect(finding.reason).toContain("the client gave up: status end");
});

test("the preset rejects nothing while the deployment is down, stops within 15 s, and no verdict is claimed", async () => {
  const { finding, stopMs } = await deadPrimary(false, 1500);
  expect(finding).toMatchObject({ verdict: "inconclusive", measured: { failedOps: 0 } });
  expect(finding.reason).toContain("the final read found no primary");
  expect(stopMs).toBeLessThan(15_000);
});
