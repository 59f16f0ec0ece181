// The analytics check against a real server: the pattern passes, the naive version leaves buckets without TTL and counts re-sent events twice.

import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { analyticsCheck } from "./analytics.ts";

for (const topology of ["sentinel", "cluster"] as const) {
  test(`passes on ${topology} when nothing happens`, async () => {
    const { finding } = await steadyRun(analyticsCheck, { topology });
    expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, duplicateOps: 0, failedOps: 0, unknownOps: 0 } });
    expect(finding.measured.ackedOps).toBeGreaterThan(40);
  });

  test(`the bad twin violates on ${topology} without any fault`, async () => {
    const { finding } = await steadyRun(analyticsCheck, { topology, badTwin: true });
    expect(finding.verdict).toBe("violation");
    expect(finding.reason).toMatch(/buckets have no TTL.*events were counted more than once/);
    expect(finding.evidence.length).toBeGreaterThan(0);
  });
}
