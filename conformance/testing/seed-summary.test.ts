// The distribution over seeds: order statistics of what was measured, and every verdict that needs an explanation.

import { expect, test } from "vitest";
import type { Report } from "../report/report.ts";
import { sampleReport, failedReport } from "./sample-report.ts";
import { seedSummary, summaryText } from "./seed-summary.ts";

const withGaps = (gaps: readonly (number | null)[]): readonly Report[] =>
  gaps.map((gapMs, seed) => {
    const report = sampleReport();
    const [first] = report.deployments;
    const fault = first!.faults[0]!;
    return { ...report, seed, deployments: [{ ...first!, faults: [{ ...fault, cells: [{ ...fault.cells[0]!, gapMs }] }] }] };
  });

test("minimum, median, and maximum are gaps that were measured, in ms", () => {
  expect(seedSummary(withGaps([30, 10, 20, null])).distributions).toMatchObject([
    { topology: "sentinel", runs: 4, gaps: 3, minMs: 10, medianMs: 20, maxMs: 30, p95Ms: null },
  ]);
});

test("the 95th percentile needs 20 gaps and is then the 19th of 20", () => {
  const gaps = Array.from({ length: 20 }, (_, at) => (at + 1) * 10);
  expect(seedSummary(withGaps(gaps)).distributions[0]).toMatchObject({ p95Ms: 190, medianMs: 100 });
  expect(seedSummary(withGaps(gaps.slice(1))).distributions[0]!.p95Ms).toBeNull();
});

test("every verdict that is not a pass is listed with its seed and reason, a deployment that did not come up too", () => {
  const { exceptions, lostOps } = seedSummary([
    { ...sampleReport(), seed: 7 },
    { ...failedReport(), seed: 8 },
  ]);
  expect(lostOps).toBeGreaterThan(0);
  expect(new Set(exceptions.map(({ verdict }) => verdict))).toEqual(
    new Set(["violation", "budget-exceeded", "documented-limit", "inconclusive"]),
  );
  expect(exceptions.find(({ verdict }) => verdict === "violation")).toMatchObject({ seed: 7, pattern: "session-store" });
  expect(exceptions.find(({ seed }) => seed === 8)?.reason).toContain("no Sentinel answered");
});

test("the text has a line for every pattern and says how many runs there were", () => {
  const text = summaryText(seedSummary([sampleReport()]));
  expect(text).toContain("sentinel, crash-primary (process): gap, ms");
  expect(text).toMatch(/^1 runs, \d+ acknowledged operations lost, \d+ verdicts other than pass$/m);
});
