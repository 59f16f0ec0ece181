import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { cacheAsideCheck } from "./cache-aside.ts";

test.each(["sentinel", "cluster"] as const)("passes on %s without a fault", async (topology) => {
  const { finding } = await steadyRun(cacheAsideCheck, { topology });
  expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, failedOps: 0, unknownOps: 0, extra: { staleReads: 0 } } });
  expect(finding.measured.ackedOps).toBeGreaterThan(60);
});

test.each(["sentinel", "cluster"] as const)("flags the twin that lets everyone load at once on %s", async (topology) => {
  const { finding } = await steadyRun(cacheAsideCheck, { topology, badTwin: true });
  expect(finding.verdict).toBe("violation");
  expect(finding.reason).toContain("stampede");
});
