// The patterns' reference, made from the checks: promise, budget, bad twin, and where the code is.

import { globSync } from "node:fs";
import { join } from "node:path";
import { allChecks } from "../../conformance/checks/index.ts";
import type { Check } from "../../conformance/checks/check.ts";

const root = join(import.meta.dirname, "..", "..");
const link = (text: string, path: string): string => `[${text}](../../${path})`;

/** The file of the pattern's name, and the parts that begin with it (an Express adapter, a publisher). */
function codeOf(name: string): string {
  const files = globSync([`conformance/patterns/${name}.ts`, `conformance/patterns/${name}-*.ts`], { cwd: root }).filter(
    (file) => !file.endsWith(".test.ts"),
  );
  return files
    .toSorted((a, b) => a.length - b.length)
    .map((file) => link(`\`${file}\``, file))
    .join(", ");
}

function budgetOf({ budget }: Check): string {
  const parts = [
    `the fault's gap${budget.extraGapMs > 0 ? ` + ${budget.extraGapMs} ms` : ""}`,
    "0 lost",
    `${budget.duplicateOps} duplicates`,
    budget.failedOps === undefined ? "rejected calls allowed when typed" : `${budget.failedOps} rejected calls`,
    ...Object.entries(budget.extra ?? {}).map(([name, max]) => `\`${name}\` ${max}`),
  ];
  return parts.join(", ");
}

const shownBy = ({ badTwin }: Check): string => (badTwin.shownBy === "steady" ? "without any fault" : `under \`${badTwin.shownBy}\``);

const section = (check: Check): string =>
  [
    `## ${check.name}`,
    "",
    check.promise,
    "",
    `- Copy: ${codeOf(check.name)}. How: [how-to](../how-to/${check.name}.md). Checked by ${link(`\`checks/${check.name}.ts\``, `conformance/checks/${check.name}.ts`)} (${check.level}).`,
    `- Budget: ${budgetOf(check)}.`,
    `- Bad twin, "${check.badTwin.name}": ${check.badTwin.violation}. Shown ${shownBy(check)}: \`holdfast verify --quick --bad-twin ${check.name}\` must end with 1.`,
  ].join("\n");

export const patternsPage = (): string =>
  [
    "# Patterns",
    "",
    "Made from the checks by `docs/generate.ts`; do not edit. Each pattern is a file to copy: it imports its own library and nothing of ours.",
    "A budget is what the pattern may add to [what the fault itself may cost](faults.md).",
    "",
    allChecks.map(section).join("\n\n"),
    "",
  ].join("\n");
