// The report in one sentence a deployment: what the fault that matters most cost. Reads the report; judges nothing.

import { faultCost } from "./fault-cost.ts";
import { capitalized, formatMs, plural } from "./format-measure.ts";
import { faultLabel } from "./progress.ts";
import type { DeploymentReport, FaultReport, Report } from "./report.ts";
import { faultVerdict } from "./worst-verdict.ts";

/** Which fault a reader asks for first, with words for it. */
const phrases: Readonly<Record<string, string>> = {
  "crash-primary": "a primary crash",
  "hang-primary": "a primary that hangs",
  "partition-primary": "a primary cut off by the network",
  "stop-primary": "a planned stop of the primary",
  "switch-over": "a switch-over",
  "full-outage": "an outage of every node",
};

const phrase = (fault: FaultReport): string =>
  fault.variant === undefined || fault.variant === "process"
    ? (phrases[fault.name] ?? fault.name)
    : `${phrases[fault.name] ?? fault.name} (${fault.variant})`;

/** A finding comes first: no headline hides one. */
function mainFault(deployment: DeploymentReport): FaultReport | undefined {
  const judged = deployment.faults.filter((fault) => fault.cells.length > 0);
  const finding = (["violation", "budget-exceeded"] as const).flatMap(
    (verdict) => judged.find((fault) => faultVerdict(fault) === verdict) ?? [],
  )[0];
  if (finding) return finding;
  return Object.keys(phrases).flatMap((name) => judged.find((fault) => fault.name === name) ?? [])[0] ?? judged[0];
}

/** "Sentinel: a primary crash costs 1.12 s, 0 acknowledged writes lost". */
function sentence(deployment: DeploymentReport): string {
  const name = capitalized(deployment.topology);
  if (deployment.error !== undefined) return `${name}: could not be brought up`;
  const fault = mainFault(deployment);
  if (fault === undefined) return `${name}: nothing was judged`;
  const { gapMs: longestMs, lostOps } = faultCost(fault);
  const gapMs = fault.cells.find((cell) => cell.pattern === "connection")?.gapMs ?? longestMs; // other patterns add periods of their own
  const verdict = faultVerdict(fault);
  const finding = verdict === "violation" || verdict === "budget-exceeded" ? ` (${verdict})` : "";
  const lost = `${plural(lostOps, "acknowledged write")} lost${finding}`;
  return gapMs === null
    ? `${name}: what ${phrase(fault)} costs could not be measured, ${lost}`
    : `${name}: ${phrase(fault)} costs ${formatMs(gapMs)}, ${lost}`;
}

export const headlines = (report: Pick<Report, "deployments">): readonly string[] => report.deployments.map(sentence);

/** One line on the outcome: how many cells were judged, and how many of each bad verdict there are. */
export function outcome(report: Pick<Report, "deployments" | "verdict">): string {
  const cells = report.deployments.flatMap(({ faults }) => faults.flatMap((fault) => fault.cells));
  const bad = (["violation", "budget-exceeded", "inconclusive"] as const)
    .map((verdict) => ({ verdict, count: cells.filter((cell) => cell.verdict === verdict).length }))
    .filter(({ count }) => count > 0)
    .map(({ verdict, count }) => `${count} ${verdict}`);
  if (cells.length === 0) return `${report.verdict}: nothing was judged`;
  const conformant = report.verdict === "pass" || report.verdict === "documented-limit";
  return `${conformant ? "conformant" : report.verdict}: ${plural(cells.length, "cell")} judged, ${bad.length === 0 ? "all inside their budgets" : bad.join(", ")}`;
}

/** Facts of a fault that no cell shows and that should be nought: zombie acknowledgements, needless failovers, two writable primaries. */
export function oddities(fault: FaultReport): readonly string[] {
  const label = faultLabel(fault);
  return [
    ...(fault.zombieAcks > 0
      ? [`${label}: the old primary acknowledged ${plural(fault.zombieAcks, "write")} after another was promoted`]
      : []),
    ...(fault.failovers > 1 ? [`${label}: ${fault.failovers} failovers for one fault`] : []),
    ...(fault.writablePrimariesMax > 1
      ? [
          `${label}: ${fault.writablePrimariesMax} nodes of one shard took writes at once${fault.twoPrimariesMs === undefined ? "" : ` for ${formatMs(fault.twoPrimariesMs)}`}`,
        ]
      : []),
  ];
}
