// Puts a report where it is read: report.json, junit.xml, report.html, history.jsonl. Everything is written beside the folder first and
// then moved in, report.json last, so that who finds report.json finds the rest of the same run. Other files there are left alone: `--out`
// may name any folder.

import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { htmlReport } from "./html.ts";
import { junit } from "./junit.ts";
import { reportSchema, type Report } from "./report.ts";

/** In the order in which they are moved into place. */
export const reportFiles = ["history.jsonl", "junit.xml", "report.html", "report.json"] as const;

async function concatenate(sources: readonly string[], to: string): Promise<void> {
  await writeFile(to, "");
  for (const source of sources) await pipeline(createReadStream(source), createWriteStream(to, { flags: "a" }));
}

/** Writes the report into `folder` (made if missing). `historyFiles` are joined in this order; they stay the caller's to remove. */
export async function writeReport(folder: string, report: Report, historyFiles: readonly string[]): Promise<void> {
  const target = resolve(folder);
  const valid: Report = reportSchema.parse(JSON.parse(JSON.stringify(report))); // what a reader will get: an unbounded budget is null
  await mkdir(target, { recursive: true });
  const staging = await mkdtemp(join(dirname(target), ".holdfast-report-")); // same file system, so that moving is a rename
  try {
    await concatenate(historyFiles, join(staging, "history.jsonl"));
    await writeFile(join(staging, "junit.xml"), junit(valid));
    await writeFile(join(staging, "report.html"), htmlReport(valid));
    await writeFile(join(staging, "report.json"), `${JSON.stringify(valid, undefined, 2)}\n`);
    await rm(join(target, "report.json"), { force: true });
    for (const file of reportFiles) await rename(join(staging, file), join(target, file));
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}
