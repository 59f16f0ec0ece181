// Reads a report from its folder and says it again in the terminal: `holdfast report DIR [--against DIR]`. Prints nothing itself.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { closingTable, type TableLook } from "./closing-table.ts";
import { compareReports, comparisonTable } from "./compare.ts";
import { reportSchema, schemaVersion, type Report } from "./report.ts";

/** A folder without a report we can read. The message says what was looked for, where, and what to do. */
export class ReportError extends Error {
  override readonly name = "ReportError";
}

function parsed(text: string, file: string): Report {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new ReportError(`${file} is not JSON; run \`holdfast verify --out\` again to replace it`, { cause });
  }
  const result = reportSchema.safeParse(document);
  if (result.success) return result.data;
  throw new ReportError(`${file} is not a report of schema version ${schemaVersion}:\n${z.prettifyError(result.error)}`, {
    cause: result.error,
  });
}

/** The report in `folder`, validated. */
export async function readReport(folder: string): Promise<Report> {
  const file = join(folder, "report.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new ReportError(`no report.json in ${folder}; name the folder that \`holdfast verify\` wrote (--out, else reports/latest)`, {
      cause,
    });
  }
  return parsed(text, file);
}

export interface Summary {
  readonly report: Report;
  readonly text: string;
  /** Cells that became worse; 0 without `against`. */
  readonly worseCells: number;
}

/** The closing table of the report in `folder`, and what became worse since the one in `against`. */
export async function reportSummary(folder: string, look: TableLook & { readonly against?: string }): Promise<Summary> {
  const report = await readReport(folder);
  const table = closingTable(report, look);
  if (look.against === undefined) return { report, text: table, worseCells: 0 };
  const comparison = compareReports(report, await readReport(look.against));
  const text = `${table}\n\nAgainst ${look.against}:\n${comparisonTable(comparison)}`;
  return { report, text, worseCells: comparison.worse.length };
}
