// What a fault cost, over all patterns: the longest gap and everything lost. Sums and maxima only; cells carry the detail.

import type { FaultReport } from "./report.ts";

export interface FaultCost {
  /** Longest of all patterns' gaps; null when none could be measured. */
  readonly gapMs: number | null;
  readonly lostOps: number;
}

export function faultCost(fault: Pick<FaultReport, "cells">): FaultCost {
  const gaps = fault.cells.map((cell) => cell.gapMs).filter((gapMs) => gapMs !== null);
  return { gapMs: gaps.length === 0 ? null : Math.max(...gaps), lostOps: fault.cells.reduce((sum, cell) => sum + cell.lostOps, 0) };
}
