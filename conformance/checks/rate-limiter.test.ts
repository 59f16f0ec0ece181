// The rate limiter's check against a real server: the pattern passes, the naive version admits a burst of one millisecond.

import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { rateLimiterCheck } from "./rate-limiter.ts";

for (const topology of ["sentinel", "cluster"] as const) {
  test(`passes on ${topology} when nothing happens`, async () => {
    const { finding } = await steadyRun(rateLimiterCheck, { topology, ms: 3000 });
    expect(finding).toMatchObject({ verdict: "pass", measured: { failedOps: 0, unknownOps: 0 } });
    expect(finding.measured.extra?.["admittedSteadyOps"]).toBeGreaterThan(4);
  });

  test(`the bad twin violates on ${topology} without any fault`, async () => {
    const { finding } = await steadyRun(rateLimiterCheck, { topology, badTwin: true, ms: 3000 });
    expect(finding.verdict).toBe("violation");
    expect(finding.reason).toMatch(/admissions in one window of steady state, 8 are allowed/);
    expect(finding.evidence.length).toBeGreaterThan(8);
  });
}
