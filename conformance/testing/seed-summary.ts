// Many reports of the same command under different seeds, in numbers: how the gaps are distributed, what was lost, what was not a pass.
// Pure: it reads no file and prints nothing.

import { faultLabel } from "../report/progress.ts";
import type { Report } from "../report/report.ts";
import { cellVerdict } from "../report/worst-verdict.ts";

/** The gaps of one pattern under one fault, ms. */
export interface Distribution {
  readonly topology: string;
  readonly fault: string;
  readonly pattern: string;
  readonly runs: number;
  /** Gaps that could be measured. */
  readonly gaps: number;
  readonly minMs: number | null;
  readonly medianMs: number | null;
  /** null below 20 gaps: with fewer it would be the largest under another name. */
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
}

export interface Exception {
  readonly seed: number;
  readonly topology: string;
  readonly fault: string;
  readonly pattern: string;
  readonly verdict: string;
  readonly reason: string;
}

export interface SeedSummary {
  readonly runs: number;
  readonly seeds: readonly number[];
  readonly lostOps: number;
  readonly distributions: readonly Distribution[];
  readonly exceptions: readonly Exception[];
}

const fewestForP95 = 20;

/** Nearest rank: a value that was measured, never one in between. */
const quantile = (sorted: readonly number[], share: number): number | null =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;

interface Cell {
  readonly seed: number;
  readonly topology: string;
  readonly fault: string;
  readonly pattern: string;
  readonly gapMs: number | null;
  readonly lostOps: number;
  readonly verdict: string;
  readonly reason: string;
}

const cellsOf = (report: Report): readonly Cell[] =>
  report.deployments.flatMap(({ topology, faults }) =>
    faults.flatMap((fault) =>
      fault.cells.map((cell) => ({ ...cell, seed: report.seed, topology, fault: faultLabel(fault), verdict: cellVerdict(fault, cell) })),
    ),
  );

function distribution(cells: readonly Cell[]): readonly Distribution[] {
  const groups = Map.groupBy(cells, ({ topology, fault, pattern }) => [topology, fault, pattern].join("\n"));
  return [...groups.entries()].map(([name, group]) => {
    const [topology = "", fault = "", pattern = ""] = name.split("\n");
    const gaps = group.flatMap(({ gapMs }) => gapMs ?? []).toSorted((a, b) => a - b);
    return {
      topology,
      fault,
      pattern,
      runs: group.length,
      gaps: gaps.length,
      minMs: gaps[0] ?? null,
      medianMs: quantile(gaps, 0.5),
      p95Ms: gaps.length >= fewestForP95 ? quantile(gaps, 0.95) : null,
      maxMs: gaps.at(-1) ?? null,
    };
  });
}

/** Deployments that never came up, and cells that are neither a pass nor a fault that cannot be done here. */
const exceptions = (reports: readonly Report[], cells: readonly Cell[]): readonly Exception[] => [
  ...reports.flatMap(({ seed, deployments }) =>
    deployments.flatMap(({ topology, error }) =>
      error === undefined ? [] : [{ seed, topology, fault: "", pattern: "", verdict: "inconclusive", reason: error }],
    ),
  ),
  ...cells
    .filter(({ verdict }) => verdict !== "pass" && verdict !== "not-applicable")
    .map(({ seed, topology, fault, pattern, verdict, reason }) => ({ seed, topology, fault, pattern, verdict, reason })),
];

export function seedSummary(reports: readonly Report[]): SeedSummary {
  const cells = reports.flatMap(cellsOf);
  return {
    runs: reports.length,
    seeds: reports.map(({ seed }) => seed),
    lostOps: cells.reduce((sum, { lostOps }) => sum + lostOps, 0),
    distributions: distribution(cells),
    exceptions: exceptions(reports, cells),
  };
}

const ms = (value: number | null): string => (value === null ? "-" : String(Math.round(value)));

/** The summary as text, one block a topology and fault, without a newline at its end. */
export function summaryText(summary: SeedSummary): string {
  const blocks = [...Map.groupBy(summary.distributions, ({ topology, fault }) => `${topology}, ${fault}`).entries()].map(
    ([title, rows]) => {
      const line = (name: string, cells: readonly string[]): string =>
        `  ${name.padEnd(16)}${cells.map((cell) => cell.padStart(8)).join("")}`;
      return [
        `${title}: gap, ms`,
        line("", ["gaps", "min", "median", "p95", "max"]),
        ...rows.map((row) => line(row.pattern, [String(row.gaps), ms(row.minMs), ms(row.medianMs), ms(row.p95Ms), ms(row.maxMs)])),
      ].join("\n");
    },
  );
  const odd = summary.exceptions.map(
    ({ seed, topology, fault, pattern, verdict, reason }) =>
      `  seed ${seed}  ${[topology, fault, pattern].filter(Boolean).join(", ")}: ${verdict}: ${reason}`,
  );
  return [
    ...blocks,
    [`${summary.runs} runs, ${summary.lostOps} acknowledged operations lost, ${odd.length} verdicts other than pass`, ...odd].join("\n"),
  ].join("\n\n");
}
