import { expect, test } from "vitest";
import { passingReport, sampleReport } from "../testing/sample-report.ts";
import { compareReports, comparisonTable } from "./compare.ts";
import type { CellReport, Report } from "./report.ts";

/** The passing report with the Sentinel's first fault's cell of `pattern` changed. */
function changed(pattern: string, change: Partial<CellReport>): Report {
  const report = passingReport();
  const [sentinel, ...rest] = report.deployments;
  const [fault, ...faults] = sentinel!.faults;
  const cells = fault!.cells.map((cell) => (cell.pattern === pattern ? { ...cell, ...change } : cell));
  return { ...report, deployments: [{ ...sentinel!, faults: [{ ...fault!, cells }, ...faults] }, ...rest] };
}
const how = (report: Report): readonly string[] => compareReports(report, passingReport()).worse.flatMap((each) => each.how);

test("a report is not worse than itself", () => {
  const comparison = compareReports(sampleReport(), sampleReport());
  expect(comparison).toMatchObject({ worse: [], comparedCells: 42, onlyBefore: [], onlyNow: [] });
  expect(comparisonTable(comparison)).toBe("nothing became worse in 42 cells");
});

test("a worse verdict, any loss, and a gap beyond noise are named", () => {
  expect(how(changed("job-queue", { verdict: "violation", lostOps: 2, gapMs: 3000 }))).toEqual([
    "pass became violation",
    "lost 0 became 2",
    "gap 1.11 s became 3.00 s",
  ]);
});

/** The passing report with every gap the same. */
const withGap = (gapMs: number): Report => {
  const report = passingReport();
  return {
    ...report,
    deployments: report.deployments.map((each) => ({
      ...each,
      faults: each.faults.map((fault) => ({ ...fault, cells: fault.cells.map((cell) => ({ ...cell, gapMs })) })),
    })),
  };
};

test("a gap counts only when it is longer by more than 20 % and by more than 100 ms", () => {
  expect(how(changed("connection", { gapMs: 1080 * 1.19 }))).toEqual([]);
  expect(how(changed("connection", { gapMs: 1080 * 1.21 }))).toEqual(["gap 1.08 s became 1.31 s"]);
  expect(compareReports(withGap(140), withGap(50)).worse).toEqual([]); // 2.8 times, but only 90 ms
});

test("what became better is not listed", () => expect(how(changed("connection", { gapMs: 200 }))).toEqual([]));

test("cells that only one report judged are counted apart", () => {
  const comparison = compareReports(passingReport(), sampleReport());
  expect(comparison).toMatchObject({ worse: [], comparedCells: 28, onlyNow: [] });
  expect(comparisonTable(comparison)).toContain("no longer judged: 14 (first: sentinel redis durable process, hang-primary, connection)");
});

test("the table lists the worst verdict first", () => {
  const text = comparisonTable(compareReports(changed("analytics", {}), passingReport()));
  expect(text).toBe("nothing became worse in 28 cells");
  expect(comparisonTable(compareReports(changed("leaderboard", { verdict: "inconclusive" }), passingReport()))).toBe(
    "  Sentinel redis durable process, crash-primary (process), leaderboard  pass became inconclusive\n1 of 28 cells became worse",
  );
});
