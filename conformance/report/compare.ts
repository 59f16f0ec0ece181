// Two reports side by side: which cells became worse. Only what both judged is compared; a gap counts as longer when it is longer by more
// than noise, a loss always counts. Says nothing of why.

import { capitalized, formatMs } from "./format-measure.ts";
import { faultLabel } from "./progress.ts";
import type { CellReport, Report } from "./report.ts";
import { cellVerdict, compareVerdicts } from "./worst-verdict.ts";
import type { Verdict } from "../checkers/finding.ts";

/** Runs of the same code differ by less; a gap must grow by more than both to count. */
export const noise = { gapFactor: 1.2, gapMs: 100 } as const;

interface Judged {
  readonly verdict: Verdict;
  readonly gapMs: number | null;
  readonly lostOps: number;
}

export interface Worsening {
  /** e.g. `sentinel redis durable, crash-primary (process), job-queue`. */
  readonly cell: string;
  readonly before: Judged;
  readonly now: Judged;
  /** In words, worst first. */
  readonly how: readonly string[];
}

export interface Comparison {
  readonly worse: readonly Worsening[];
  readonly comparedCells: number;
  /** Cells of one report that the other did not judge. */
  readonly onlyBefore: readonly string[];
  readonly onlyNow: readonly string[];
}

const judged = (cell: CellReport, verdict: Verdict): Judged => ({ verdict, gapMs: cell.gapMs, lostOps: cell.lostOps });

/** Every judged cell by a name that is the same in both reports; the server's version is left out, so that an upgrade can be compared. */
function cellsOf(report: Report): ReadonlyMap<string, Judged> {
  return new Map(
    report.deployments.flatMap(({ topology, engine, profile, target, faults }) =>
      faults.flatMap((fault) =>
        fault.cells.map((cell) => {
          const name = `${topology} ${engine} ${profile} ${target}, ${faultLabel(fault)}, ${cell.pattern}`;
          return [name, judged(cell, cellVerdict(fault, cell))] as const;
        }),
      ),
    ),
  );
}

function worsenings(before: Judged, now: Judged): readonly string[] {
  const gapGrew =
    before.gapMs !== null && now.gapMs !== null && now.gapMs > before.gapMs * noise.gapFactor && now.gapMs - before.gapMs > noise.gapMs;
  return [
    ...(compareVerdicts(now.verdict, before.verdict) > 0 ? [`${before.verdict} became ${now.verdict}`] : []),
    ...(now.lostOps > before.lostOps ? [`lost ${before.lostOps} became ${now.lostOps}`] : []),
    ...(gapGrew ? [`gap ${formatMs(before.gapMs)} became ${formatMs(now.gapMs)}`] : []),
  ];
}

/** What `report` does worse than the older `against`. */
export function compareReports(report: Report, against: Report): Comparison {
  const [now, before] = [cellsOf(report), cellsOf(against)];
  const both = [...now].flatMap(([cell, value]) => {
    const earlier = before.get(cell);
    return earlier === undefined ? [] : [{ cell, before: earlier, now: value, how: worsenings(earlier, value) }];
  });
  return {
    worse: both.filter(({ how }) => how.length > 0).toSorted((a, b) => compareVerdicts(b.now.verdict, a.now.verdict)),
    comparedCells: both.length,
    onlyBefore: [...before.keys()].filter((cell) => !now.has(cell)),
    onlyNow: [...now.keys()].filter((cell) => !before.has(cell)),
  };
}

/** The comparison as text, without a newline at its end. */
export function comparisonTable({ worse, comparedCells, onlyBefore, onlyNow }: Comparison): string {
  const width = Math.max(0, ...worse.map(({ cell }) => cell.length));
  const lines = worse.map(({ cell, how }) => `  ${capitalized(cell).padEnd(width)}  ${how.join("; ")}`);
  const apart = [
    ...(onlyBefore.length === 0 ? [] : [`no longer judged: ${onlyBefore.length} (first: ${onlyBefore[0] ?? ""})`]),
    ...(onlyNow.length === 0 ? [] : [`newly judged: ${onlyNow.length} (first: ${onlyNow[0] ?? ""})`]),
  ];
  const summary =
    worse.length === 0 ? `nothing became worse in ${comparedCells} cells` : `${worse.length} of ${comparedCells} cells became worse`;
  return [...lines, summary, ...apart].join("\n");
}
