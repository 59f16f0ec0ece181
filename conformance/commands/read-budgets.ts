// A user's budget file: YAML that tightens or loosens what a fault or a pattern may cost. Reads and checks it; the defaults are faults/budgets.ts's.

import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";
import { patternNames } from "../checks/check.ts";
import type { BudgetFile } from "../faults/budgets.ts";
import { faultForms } from "../faults/fault-plan.ts";
import { faultNames } from "../targets/target.ts";
import { UsageError } from "./usage-error.ts";

const bound = z.int().min(0).exactOptional();
const faultBudget = z.strictObject({ gapMs: bound, lostOps: bound });
const labels = faultNames.flatMap((name) => [name, ...(faultForms[name] ?? []).map((form) => `${name}/${form}`)]);
const budgetSchema = z.strictObject({
  faults: z
    .record(
      z.string().refine((label) => labels.includes(label), { error: `there is no such fault; known are ${labels.join(", ")}` }),
      z.strictObject({ sentinel: faultBudget.exactOptional(), cluster: faultBudget.exactOptional() }),
    )
    .exactOptional(),
  patterns: z
    .partialRecord(z.enum(patternNames), z.strictObject({ extraGapMs: bound, duplicateOps: bound, failedOps: bound }))
    .exactOptional(),
});

const wordsOf = (error: unknown): string => {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  const deep = (issue: z.core.$ZodIssue): string =>
    issue.code === "invalid_key" ? issue.issues.map(({ message }) => message).join(", ") : issue.message;
  return error.issues.map((issue) => `${issue.path.join(".")}: ${deep(issue)}`).join("; ");
};

/** The budgets in `file`, or a UsageError that says which line of thought was wrong. */
export function readBudgets(file: string): BudgetFile {
  try {
    return budgetSchema.parse(parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new UsageError(`--budgets ${file}: ${wordsOf(cause)}; correct the file or leave out --budgets`, { cause });
  }
}
