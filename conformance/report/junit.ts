// The report as JUnit XML, for CI servers: a suite a deployment, a test case for each pattern and fault. JUnit knows no documented limit
// and no gap, so a limit passes with its reason as a property, and a case's `time` is its gap: a CI's trend of durations is then the trend of gaps.

import type { Verdict } from "../checkers/finding.ts";
import { faultLabel } from "./progress.ts";
import type { CellReport, DeploymentReport, FaultReport, Report } from "./report.ts";
import { cellVerdict } from "./worst-verdict.ts";
import { xml, type XmlElement } from "./xml.ts";

/** What the verdict is to JUnit; undefined: it passed. An inconclusive case is an error: skipping it would let it pass unseen. */
const outcomes: Readonly<Record<Verdict, "failure" | "error" | "skipped" | undefined>> = {
  pass: undefined,
  "documented-limit": undefined,
  "budget-exceeded": "failure",
  violation: "failure",
  inconclusive: "error",
  "not-applicable": "skipped",
};

interface Case {
  readonly classname: string;
  readonly name: string;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly seconds: number;
  readonly properties: Readonly<Record<string, string | number | null>>;
}

function cellCase(suite: string, fault: FaultReport, cell: CellReport): Case {
  const { pattern, reason, gapMs, ackedOps, lostOps, duplicateOps, lateOps, failedOps, unknownOps, budget } = cell;
  return {
    classname: `${suite}.${faultLabel(fault)}`,
    name: pattern,
    verdict: cellVerdict(fault, cell),
    reason,
    seconds: (gapMs ?? 0) / 1000,
    properties: {
      verdict: cellVerdict(fault, cell),
      reason,
      gapMs,
      ackedOps,
      lostOps,
      duplicateOps,
      lateOps,
      failedOps,
      unknownOps,
      gapMsMax: budget.gapMs,
      ...cell.extra,
    },
  };
}

function suiteCases(suite: string, deployment: DeploymentReport): readonly Case[] {
  const whole = (name: string, verdict: Verdict, reason: string): Case => ({
    classname: suite,
    name,
    verdict,
    reason,
    seconds: 0,
    properties: { verdict },
  });
  return [
    whole("is brought up", deployment.error === undefined ? "pass" : "inconclusive", deployment.error ?? ""),
    ...deployment.faults.flatMap((fault) =>
      fault.cells.length > 0
        ? fault.cells.map((cell) => cellCase(suite, fault, cell))
        : [
            whole(
              faultLabel(fault),
              fault.notApplicable === undefined ? "inconclusive" : "not-applicable",
              fault.notApplicable ?? "no pattern was judged",
            ),
          ],
    ),
  ];
}

const property = ([name, value]: readonly [string, string | number | null]): XmlElement => ({
  name: "property",
  attributes: { name, value: value ?? "" },
});

function caseElement({ classname, name, verdict, reason, seconds, properties }: Case): XmlElement {
  const outcome = outcomes[verdict];
  return {
    name: "testcase",
    attributes: { classname, name, time: seconds.toFixed(3) },
    children: [
      { name: "properties", children: Object.entries(properties).map(property) },
      ...(outcome === undefined
        ? []
        : [{ name: outcome, attributes: { message: reason, ...(outcome === "skipped" ? {} : { type: verdict }) } }]),
    ],
  };
}

const tally = (cases: readonly Case[]): Readonly<Record<string, number>> => {
  const count = (outcome: string): number => cases.filter(({ verdict }) => outcomes[verdict] === outcome).length;
  return { tests: cases.length, failures: count("failure"), errors: count("error"), skipped: count("skipped") };
};

/** The whole file, with its XML declaration. */
export function junit(report: Report): string {
  const suites = report.deployments.map((deployment) => {
    const name = ["holdfast", deployment.target, deployment.topology, deployment.engine, deployment.profile].join(".");
    return { name, cases: suiteCases(name, deployment) };
  });
  const all = { name: "holdfast", ...tally(suites.flatMap(({ cases }) => cases)), time: (report.durationMs / 1000).toFixed(3) };
  const children = suites.map(({ name, cases }): XmlElement => ({
    name: "testsuite",
    attributes: { name, ...tally(cases), timestamp: report.startedAt },
    children: cases.map(caseElement),
  }));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml({ name: "testsuites", attributes: all, children })}\n`;
}
