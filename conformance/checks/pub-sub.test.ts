// The check of publish and subscribe against a real server: the pattern repairs every lost connection, the naive version loses messages.

import { expect, test } from "vitest";
import { steadyRun } from "../testing/steady-run.ts";
import { pubSubCheck } from "./pub-sub.ts";

for (const topology of ["sentinel", "cluster"] as const) {
  test(`passes on ${topology} when nothing happens but lost connections`, async () => {
    const { finding } = await steadyRun(pubSubCheck, { topology, ms: 4000 });
    expect(finding).toMatchObject({ verdict: "pass", measured: { lostOps: 0, duplicateOps: 0, failedOps: 0, unknownOps: 0 } });
    expect(finding.measured.extra?.["repairedOps"]).toBeGreaterThan(0);
  });

  test(`the bad twin violates on ${topology} without any fault`, async () => {
    const { finding } = await steadyRun(pubSubCheck, { topology, badTwin: true, ms: 4000 });
    expect(finding.verdict).toBe("violation");
    expect(finding.reason).toMatch(/acknowledged messages were never delivered nor repaired/);
    expect(finding.measured.lostOps).toBeGreaterThan(3);
  });
}
