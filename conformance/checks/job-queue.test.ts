// The job queue check on a healthy server: the pattern passes, the article's queue does not.

import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { jobQueueCheck } from "./job-queue.ts";

for (const topology of ["sentinel", "cluster"] as const) {
  test(`passes on ${topology} when nothing happens`, async () => {
    const { finding, history } = await steadyRun(jobQueueCheck, { topology });
    expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, duplicateOps: 0, failedOps: 0 } });
    expect(finding.measured.extra?.["firstJobMs"]).toBeLessThan(1000);
    expect(history.length).toBeLessThan(1500);
  });
}

test("without job ids a repeated add runs twice, which is a violation", async () => {
  const { finding } = await steadyRun(jobQueueCheck, { topology: "sentinel", badTwin: true });
  expect(finding.verdict).toBe("violation");
  expect(finding.reason).toMatch(/ran to success more than once/);
});

test("without a hash tag every add is refused by a Cluster, which is a violation", async () => {
  const { finding } = await steadyRun(jobQueueCheck, { topology: "cluster", badTwin: true });
  expect(finding.verdict).toBe("violation");
  expect(finding.reason).toMatch(/jobs were refused \(crossslot\)/);
});
