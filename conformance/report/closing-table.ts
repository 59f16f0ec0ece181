// The table a run ends with: for each deployment, patterns down and faults across, gap and lost in each cell, and the worst reasons
// below. Text in, text out: whether there is a terminal, and how wide it is, the caller knows.

import { faultCost } from "./fault-cost.ts";
import { capitalized, formatMs, plural } from "./format-measure.ts";
import { headlines, oddities, outcome } from "./headline.ts";
import { oneLine } from "./one-line.ts";
import type { DeploymentReport, FaultReport, Report } from "./report.ts";
import { cellVerdict, faultVerdict } from "./worst-verdict.ts";
import { worstReasons } from "./worst-reasons.ts";
import { painter, verdictMarks, type Paint } from "./verdict-mark.ts";
import type { Verdict } from "../checkers/finding.ts";

export interface TableLook {
  readonly colour: boolean;
  /** Columns of the terminal; faults that do not fit go to a further block. */
  readonly width: number;
  /** Most reasons to print; the HTML report has them all. */
  readonly reasonsMax?: number;
}

interface TextCell {
  readonly text: string;
  readonly style?: Parameters<Paint>[0];
}

const measures = (verdict: Verdict, gapMs: number | null, lostOps: number): TextCell => ({
  text: gapMs === null && lostOps === 0 ? verdictMarks[verdict].sign : `${verdictMarks[verdict].sign} ${formatMs(gapMs)}, ${lostOps}`,
  style: verdictMarks[verdict].style,
});

function cellOf(fault: FaultReport, pattern: string): TextCell {
  const cell = fault.cells.find((each) => each.pattern === pattern);
  if (cell === undefined || cell.verdict === "not-applicable") return { text: verdictMarks["not-applicable"].sign, style: "dim" };
  return measures(cellVerdict(fault, cell), cell.gapMs, cell.lostOps);
}

function columnOf(fault: FaultReport, patterns: readonly string[]): readonly TextCell[] {
  const { gapMs, lostOps } = faultCost(fault);
  return [
    { text: fault.name, style: "bold" },
    { text: fault.variant ?? "", style: "dim" },
    ...patterns.map((pattern) => cellOf(fault, pattern)),
    fault.cells.length === 0
      ? { text: verdictMarks[faultVerdict(fault)].sign, style: "dim" }
      : measures(faultVerdict(fault), gapMs, lostOps),
    { text: formatMs(fault.redundancyMs), style: "dim" },
  ];
}

const widthOf = (column: readonly TextCell[]): number => Math.max(...column.map(({ text }) => text.length));

/** Columns in blocks that fit beside the first one; at least one a block. */
function blocks(columns: readonly (readonly TextCell[])[], room: number): readonly (readonly (readonly TextCell[])[])[] {
  const result: (readonly TextCell[])[][] = [];
  let left = 0;
  for (const column of columns) {
    const needed = widthOf(column) + 2;
    const current = result.at(-1);
    if (current === undefined || needed > left) {
      result.push([column]);
      left = room - needed;
    } else {
      current.push(column);
      left -= needed;
    }
  }
  return result;
}

function draw(columns: readonly (readonly TextCell[])[], paint: Paint): string {
  const widths = columns.map(widthOf);
  const rows = columns[0]?.map((_, row) => columns.map((column) => column[row] ?? { text: "" })) ?? [];
  return rows
    .map((row) => {
      const line = row.map(
        ({ text, style }, at) => (style && text !== "" ? paint(style, text) : text) + " ".repeat((widths[at] ?? 0) - text.length),
      );
      return `  ${line.join("  ")}`.trimEnd();
    })
    .filter((line) => line !== "")
    .join("\n");
}

function heading(deployment: DeploymentReport, paint: Paint): string {
  const { topology, engine, engineVersion, profile, target, readyMs } = deployment;
  const facts = [`${engine} ${engineVersion}`.trim(), profile, target, ...(readyMs === null ? [] : [`ready in ${formatMs(readyMs)}`])];
  return `${paint("bold", capitalized(topology))}  ${paint("dim", facts.join(", "))}`;
}

function deploymentTable(deployment: DeploymentReport, look: TableLook, paint: Paint): string {
  if (deployment.error !== undefined)
    return `${heading(deployment, paint)}\n  ${paint("red", `not brought up: ${oneLine(deployment.error)}`)}`;
  const patterns = [...new Set(deployment.faults.flatMap((fault) => fault.cells.map((cell) => cell.pattern)))];
  const names: readonly TextCell[] = [
    ...["", "", ...patterns].map((text) => ({ text })),
    { text: "worst gap, all lost", style: "dim" },
    { text: "redundant after", style: "dim" },
  ];
  const columns = deployment.faults.map((fault) => columnOf(fault, patterns));
  const tables = blocks(columns, look.width - 2 - widthOf(names)).map((block) => draw([names, ...block], paint));
  const odd = deployment.faults.flatMap(oddities).map((text) => `  ${paint("yellow", `! ${text}`)}`);
  const missing = deployment.faults
    .filter((fault) => fault.notApplicable !== undefined)
    .map((fault) => paint("dim", `  ${verdictMarks["not-applicable"].sign} ${fault.name}: ${fault.notApplicable ?? ""}`));
  return [heading(deployment, paint), tables.join("\n\n"), ...odd, ...missing].join("\n");
}

function reasonLines(report: Report, look: TableLook, paint: Paint): readonly string[] {
  const reasons = worstReasons(report);
  const max = look.reasonsMax ?? 12;
  const lines = reasons.slice(0, max).map(({ verdict, where, patterns, reason }) => {
    const who = patterns.length > 3 ? plural(patterns.length, "pattern") : patterns.join(", ");
    return `${paint(verdictMarks[verdict].style, `${verdictMarks[verdict].sign} ${verdict}`)}  ${where}${who === "" ? "" : `, ${who}`}: ${oneLine(reason)}`;
  });
  return reasons.length > max ? [...lines, paint("dim", `  and ${reasons.length - max} more in report.html`)] : lines;
}

/** Signs of the verdicts that occur, so that it fits one line. */
function legend({ deployments }: Report): string {
  const occurring = new Set(
    deployments.flatMap(({ faults }) =>
      faults.flatMap((fault) => [faultVerdict(fault), ...fault.cells.map((cell) => cellVerdict(fault, cell))]),
    ),
  );
  const signs = Object.entries(verdictMarks).flatMap(([verdict, { sign }]) =>
    occurring.has(verdict as Verdict) ? [`${sign} ${verdict}`] : [],
  );
  return ["gap, lost acknowledged writes", ...signs].join("   ");
}

/** The whole closing text, without a newline at its end. */
export function closingTable(report: Report, look: TableLook): string {
  const paint = painter(look.colour);
  const reasons = reasonLines(report, look, paint);
  const bad = report.exitCode !== 0;
  return [
    report.deployments.map((deployment) => deploymentTable(deployment, look, paint)).join("\n\n"),
    paint("dim", legend(report)),
    ...(reasons.length === 0 ? [] : [reasons.join("\n")]),
    [...headlines(report).map((line) => paint("bold", line)), paint(bad ? "red" : "green", outcome(report))].join("\n"),
    paint("dim", `${formatMs(report.durationMs)}, seed ${report.seed}, exit ${report.exitCode}; again: ${report.command}`),
  ].join("\n\n");
}
