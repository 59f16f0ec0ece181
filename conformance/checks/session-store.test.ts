import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { sessionStoreCheck } from "./session-store.ts";

test.each(["sentinel", "cluster"] as const)("passes on %s without a fault", async (topology) => {
  const { finding } = await steadyRun(sessionStoreCheck, { topology });
  expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, failedOps: 0, unknownOps: 0 } });
  expect(finding.measured.ackedOps).toBeGreaterThan(50);
});

test.each(["sentinel", "cluster"] as const)("flags the twin whose logout is undone by a slow request on %s", async (topology) => {
  const { finding } = await steadyRun(sessionStoreCheck, { topology, badTwin: true, ms: 1500 });
  expect(finding.verdict).toBe("violation");
  expect(finding.reason).toContain("after its logout was acknowledged");
});
