// The tables of one deployment: verdicts (patterns down, faults across) and the facts of each fault. Cells are html-cell's.

import { capitalized, formatMs } from "./format-measure.ts";
import { faultCost } from "./fault-cost.ts";
import { cellButton, cellCard } from "./html-cell.ts";
import { markup, nothing, type Markup } from "./markup.ts";
import { faultLabel } from "./progress.ts";
import type { DeploymentReport, FaultReport } from "./report.ts";
import { cellVerdict } from "./worst-verdict.ts";

const patternsOf = (deployment: DeploymentReport): readonly string[] => [
  ...new Set(deployment.faults.flatMap((fault) => fault.cells.map(({ pattern }) => pattern))),
];

interface PlacedCell {
  readonly button: Markup;
  readonly card: Markup;
}

function placedCell(deployment: DeploymentReport, fault: FaultReport, pattern: string, id: string): PlacedCell {
  const cell = fault.cells.find((each) => each.pattern === pattern);
  if (cell === undefined)
    return {
      button: markup`<span class="cell not-applicable" title="${fault.notApplicable ?? "not judged"}">– not applicable</span>`,
      card: nothing,
    };
  const place = { id, title: `${pattern}, ${faultLabel(fault)}, ${capitalized(deployment.topology)}` };
  const verdict = cellVerdict(fault, cell);
  return { button: cellButton(cell, verdict, place), card: cellCard(cell, verdict, place) };
}

/** Patterns down, faults across. `prefix` makes the ids unique in the page. */
export function verdictTable(deployment: DeploymentReport, prefix: string): Markup {
  const { faults } = deployment;
  const head = faults.map(
    ({ name, variant }) =>
      markup`<th scope="col">${name}${variant === undefined ? nothing : markup`<br><span class="soft">${variant}</span>`}</th>`,
  );
  const rows = patternsOf(deployment).map((pattern, row) => ({
    pattern,
    cells: faults.map((fault, column) => placedCell(deployment, fault, pattern, `${prefix}-${column}-${row}`)),
  }));
  const body = rows.map(
    ({ pattern, cells }) => markup`<tr><th scope="row">${pattern}</th>${cells.map(({ button }) => markup`<td>${button}</td>`)}</tr>`,
  );
  const foot = (title: string, text: (fault: FaultReport) => string): Markup =>
    markup`<tr><th scope="row" class="soft">${title}</th>${faults.map((fault) => markup`<td class="soft">${text(fault)}</td>`)}</tr>`;
  return markup`<div class="scroll"><table class="verdicts"><caption hidden>Verdict, gap and lost writes of each pattern under each fault</caption>
<thead><tr><th scope="col">gap, lost writes</th>${head}</tr></thead><tbody>${body}</tbody>
<tfoot>${foot("worst gap", (fault) => formatMs(faultCost(fault).gapMs))}${foot("lost in all", (fault) =>
    fault.cells.length === 0 ? "-" : String(faultCost(fault).lostOps),
  )}${foot("redundant after", ({ redundancyMs }) => formatMs(redundancyMs))}</tfoot></table></div>${rows.flatMap(({ cells }) => cells.map(({ card }) => card))}`;
}

const odd = (value: number, usualMax: number): Markup =>
  value > usualMax ? markup`<td><strong class="badge budget-exceeded">${value}</strong></td>` : markup`<td>${value}</td>`;

function factRow(fault: FaultReport): Markup {
  const seen = fault.notApplicable === undefined ? fault.evidence : [`not applicable: ${fault.notApplicable}`];
  const times = [fault.detectMs, fault.promoteMs, fault.clientRecoveryMs, fault.redundancyMs];
  return markup`<tr><th scope="row">${faultLabel(fault)}</th>${times.map((ms) => markup`<td>${formatMs(ms)}</td>`)}${odd(fault.failovers, 1)}${odd(
    fault.writablePrimariesMax,
    1,
  )}${odd(fault.zombieAcks, 0)}<td class="wide">${
    fault.effective || fault.notApplicable !== undefined ? nothing : markup`<strong class="badge inconclusive">no effect seen</strong>`
  }<ul>${seen.map((line) => markup`<li>${line}</li>`)}</ul></td></tr>`;
}

/** What each fault did, and how the deployment took it. */
export const factTable = (deployment: DeploymentReport): Markup =>
  markup`<div class="scroll"><table class="facts"><thead><tr><th scope="col">fault</th>${[
    "detected",
    "promoted",
    "clients back",
    "redundant",
    "failovers",
    "writable at once",
    "zombie acks",
    "what was seen",
  ].map((title) => markup`<th scope="col">${title}</th>`)}</tr></thead><tbody>${deployment.faults.map(factRow)}</tbody></table></div>`;
