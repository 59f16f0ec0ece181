// The sample report that README and tutorial are cut from: read, and replaced by a newer run. It keeps verdicts, measures and evidence;
// charts, role ribbons and logs are left out, because no page shows them and they are nine tenths of the bytes.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../../conformance/report/report.ts";
import { readReport } from "../../conformance/report/report-summary.ts";

export const sampleFolder = join(import.meta.dirname, "..", "reference", "sample");

type Deployment = Report["deployments"][number];

function withoutCharts(deployment: Deployment): Deployment {
  const { series: _series, roles: _roles, lostAtMs: _lostAtMs, logs: _logs, ...rest } = deployment;
  return rest;
}

/** The sample, validated as any report is. */
export const readSample = (): Promise<Report> => readReport(sampleFolder);

/** Makes the report in `folder` the sample. Refuses one that lacks a topology; one that was not conformant is shown as it was, and said. */
export async function takeSample(folder: string): Promise<Report> {
  const report = await readReport(folder);
  const topologies = report.deployments.map(({ topology }) => topology);
  if (new Set(topologies).size !== 2)
    throw new Error(`${folder} holds ${topologies.join(", ")} only; the sample must show both topologies`);
  if (report.exitCode !== 0)
    process.stderr.write(`docs: the run in ${folder} ended with ${report.exitCode} (${report.verdict}), and README will say so\n`);
  const sample = { ...report, deployments: report.deployments.map(withoutCharts) };
  mkdirSync(sampleFolder, { recursive: true });
  writeFileSync(join(sampleFolder, "report.json"), `${JSON.stringify(sample, undefined, 1)}\n`);
  return sample;
}
