// The table of README's first screen: patterns down, topologies across, each with an unplanned fault, a planned one, and the worst of all.
// It shows what the sample report holds and rounds to whole milliseconds; it judges nothing.

import type { Report } from "../../conformance/report/report.ts";
import { capitalized } from "../../conformance/report/format-measure.ts";
import { verdictMarks } from "../../conformance/report/verdict-mark.ts";
import { cellVerdict, compareVerdicts } from "../../conformance/report/worst-verdict.ts";

type Deployment = Report["deployments"][number];
type Fault = Deployment["faults"][number];
type Cell = Fault["cells"][number];

interface Seen {
  readonly fault: Fault;
  readonly cell: Cell;
}

const cellsOf = (deployment: Deployment, pattern: string): readonly Seen[] =>
  deployment.faults.flatMap((fault) => fault.cells.filter((cell) => cell.pattern === pattern).map((cell) => ({ fault, cell })));

const label = ({ name, variant }: Fault): string => (variant === undefined ? name : `${name}/${variant}`);

function text({ fault, cell }: Seen): string {
  const gap = cell.gapMs === null ? "-" : `${Math.round(cell.gapMs)} ms`;
  return `${verdictMarks[cellVerdict(fault, cell)].sign} ${gap}, ${cell.lostOps}`;
}

/** Worse first by verdict, then by what was lost, then by the gap. */
const worse = (a: Seen, b: Seen): number =>
  compareVerdicts(cellVerdict(b.fault, b.cell), cellVerdict(a.fault, a.cell)) ||
  b.cell.lostOps - a.cell.lostOps ||
  (b.cell.gapMs ?? 0) - (a.cell.gapMs ?? 0);

function rowParts(deployment: Deployment, pattern: string): readonly string[] {
  const seen = cellsOf(deployment, pattern);
  const under = (name: string): string => {
    const one = seen.find(({ fault }) => fault.name === name && fault.variant === undefined);
    return one === undefined ? "–" : text(one);
  };
  const [worst] = seen.toSorted(worse);
  return [under("crash-primary"), under("switch-over"), worst === undefined ? "–" : `${text(worst)} (${label(worst.fault)})`];
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** Longest gap between two acknowledged writes, and lost acknowledged writes. */
export function verdictTable(report: Report): string {
  const patterns = [
    ...new Set(report.deployments.flatMap(({ faults }) => faults.flatMap(({ cells }) => cells.map(({ pattern }) => pattern)))),
  ];
  const heads = report.deployments.flatMap((deployment) => {
    const name = capitalized(deployment.topology);
    const count = deployment.faults.filter(({ cells }) => cells.length > 0).length;
    return [`${name}: primary crashes`, `${name}: planned switch`, `${name}: worst of ${count} faults`];
  });
  return [
    row(["pattern", ...heads]),
    row(["pattern", ...heads].map(() => "---")),
    ...patterns.map((pattern) =>
      row([`[${pattern}](docs/how-to/${pattern}.md)`, ...report.deployments.flatMap((deployment) => rowParts(deployment, pattern))]),
    ),
  ].join("\n");
}
