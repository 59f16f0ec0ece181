// One cell of the verdict table: a button with sign, gap and lost, and the card it opens: the reason, and each measure beside its budget.
// Opened by the browser's own popover, so the page needs no script.

import type { CellReport } from "./report.ts";
import { formatMeasure, formatMs } from "./format-measure.ts";
import { markup, nothing, type Markup } from "./markup.ts";
import { verdictMarks } from "./verdict-mark.ts";
import type { Verdict } from "../checkers/finding.ts";

export interface CellPlace {
  /** Unique in the page. */
  readonly id: string;
  /** e.g. `job-queue, crash-primary, Sentinel`. */
  readonly title: string;
}

const row = (name: string, value: number | null, bound: number | null | undefined): Markup =>
  markup`<tr><th scope="row">${name}</th><td>${
    value === null ? "-" : formatMeasure(name, value)
  }</td><td class="soft">${bound === undefined ? "" : bound === null ? "any" : `at most ${formatMeasure(name, bound)}`}</td></tr>`;

function measureRows(cell: CellReport): readonly Markup[] {
  const { budget } = cell;
  return [
    row("gapMs", cell.gapMs, budget.gapMs),
    row("lostOps", cell.lostOps, budget.lostOps),
    row("duplicateOps", cell.duplicateOps, budget.duplicateOps),
    row("failedOps", cell.failedOps, budget.failedOps),
    row("unknownOps", cell.unknownOps, undefined),
    row("lateOps", cell.lateOps, undefined),
    row("ackedOps", cell.ackedOps, undefined),
    ...Object.entries(cell.extra ?? {}).map(([name, value]) => row(name, value, budget.extra?.[name])),
  ];
}

export const verdictBadge = (verdict: Verdict): Markup =>
  markup`<span class="badge ${verdict}">${verdictMarks[verdict].sign} ${verdict}</span>`;

/** What the cell opens. It stands outside the table, whose look it must not inherit. */
export function cellCard(cell: CellReport, verdict: Verdict, place: CellPlace): Markup {
  const events = cell.evidence ?? [];
  return markup`<div popover id="${place.id}" role="dialog" aria-label="${place.title}">
<button class="close" popovertarget="${place.id}" popovertargetaction="hide">Close</button>
<h3>${place.title}</h3><p>${verdictBadge(verdict)}</p><p class="error">${cell.reason}</p>
<table><thead><tr><th scope="col">measure</th><th scope="col">measured</th><th scope="col">budget</th></tr></thead><tbody>${measureRows(cell)}</tbody></table>
${events.length === 0 ? nothing : markup`<p class="soft">Events in history.jsonl: ${events.join(", ")}</p>`}</div>`;
}

/** The cell's content: a button that opens its card. */
export function cellButton(cell: CellReport, verdict: Verdict, place: CellPlace): Markup {
  const lost = cell.lostOps === 0 ? nothing : markup`, <strong>${cell.lostOps} lost</strong>`;
  const text = cell.gapMs === null ? markup`${verdict}${lost}` : markup`${formatMs(cell.gapMs)}${lost}`;
  return markup`<button class="cell ${verdict}" popovertarget="${place.id}" title="${verdict}: ${cell.reason}" aria-label="${place.title}: ${verdict}, gap ${formatMs(
    cell.gapMs,
  )}, ${cell.lostOps} lost">${verdictMarks[verdict].sign} ${text}</button>`;
}
