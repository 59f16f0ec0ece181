// The job schedule check on a healthy server: the pattern ticks once a second, the article's repeat option once and never again.

import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { jobScheduleCheck } from "./job-schedule.ts";

for (const topology of ["sentinel", "cluster"] as const) {
  test(`passes on ${topology} when nothing happens`, async () => {
    const { finding } = await steadyRun(jobScheduleCheck, { topology, ms: 4000 });
    expect(finding).toMatchObject({ verdict: "pass", measured: { duplicateOps: 0 } });
    expect(finding.measured.ackedOps).toBeGreaterThanOrEqual(3);
  });

  test(`the repeat option runs once on ${topology} and leaves nothing ahead, which is a violation`, async () => {
    const { finding } = await steadyRun(jobScheduleCheck, { topology, badTwin: true, ms: 2000 });
    expect(finding.verdict).toBe("violation");
    expect(finding.reason).toContain("0 runs are ahead at the end instead of exactly one");
  });
}
