import { expect, test } from "vitest";
import { failedReport, passingReport, reportOf, sampleReport } from "../testing/sample-report.ts";
import { cellVerdict, compareVerdicts, exitCodeOf, faultVerdict, worstVerdict } from "./worst-verdict.ts";
import type { Report } from "./report.ts";

const [sentinel, cluster] = sampleReport().deployments;
const only = (name: string): Report =>
  reportOf([{ ...sentinel!, faults: [...sentinel!.faults, ...cluster!.faults].filter((fault) => fault.name === name) }]);

test("a run of passes and documented limits is conformant: exit 0", () => {
  expect(passingReport()).toMatchObject({ verdict: "pass", exitCode: 0 });
  const limited = only("hang-primary").deployments[0]!;
  const cells = limited.faults[0]!.cells.filter(({ verdict }) => verdict === "documented-limit");
  expect(reportOf([{ ...limited, faults: [{ ...limited.faults[0]!, cells }] }])).toMatchObject({
    verdict: "documented-limit",
    exitCode: 0,
  });
});

test("a violation gives exit 1, also beside doubts and beside a deployment that could not be brought up", () => {
  expect(sampleReport()).toMatchObject({ verdict: "violation", exitCode: 1 });
  expect(exitCodeOf({ deployments: [...sampleReport().deployments, ...failedReport().deployments] })).toBe(1);
});

test("doubt alone gives exit 3, and a budget exceeded elsewhere outranks it with exit 1", () => {
  expect(only("partition-primary")).toMatchObject({ verdict: "inconclusive", exitCode: 3 });
  expect(worstVerdict(["inconclusive", "pass", "budget-exceeded"])).toBe("budget-exceeded");
});

test("a target that could not be brought up gives exit 4", () =>
  expect(failedReport()).toMatchObject({ verdict: "inconclusive", exitCode: 4 }));

test("a run that judged nothing proves nothing: exit 3 without faults, and with none but inapplicable ones", () => {
  expect(reportOf([])).toMatchObject({ verdict: "inconclusive", exitCode: 3 });
  expect(only("fill-disk")).toMatchObject({ verdict: "inconclusive", exitCode: 3 });
});

test("an inapplicable fault beside passes does not harm", () => {
  expect(reportOf([cluster!])).toMatchObject({ verdict: "pass", exitCode: 0 });
});

test("a fault without effect cannot pass, whatever its cells say, but its violations stand", () => {
  const fault = passingReport().deployments[0]!.faults[0]!;
  expect(faultVerdict({ ...fault, effective: false })).toBe("inconclusive");
  expect(cellVerdict({ effective: false }, { verdict: "violation" })).toBe("violation");
});

test("verdicts compare from not-applicable up to violation", () => {
  expect(compareVerdicts("violation", "pass")).toBeGreaterThan(0);
  expect(compareVerdicts("pass", "budget-exceeded")).toBeLessThan(0);
  expect(compareVerdicts("pass", "pass")).toBe(0);
});
