import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { writeThroughCheck } from "./write-through.ts";

test.each(["sentinel", "cluster"] as const)("passes on %s without a fault", async (topology) => {
  const { finding } = await steadyRun(writeThroughCheck, { topology });
  expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, failedOps: 0, unknownOps: 0 } });
  expect(finding.measured.ackedOps).toBeGreaterThan(60);
});

test.each(["sentinel", "cluster"] as const)("flags the twin that takes the cache for durable on %s", async (topology) => {
  const { finding } = await steadyRun(writeThroughCheck, { topology, badTwin: true });
  expect(finding.verdict).toBe("violation");
  expect(finding.reason).toContain("not in the source");
  expect(finding.reason).toContain("newer than the source");
});
