import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { passingReport, sampleReport } from "../testing/sample-report.ts";
import { readReport, reportSummary } from "./report-summary.ts";
import { reportFiles, writeReport } from "./write-report.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-report-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a report written is a report read, with the histories joined in order", async () => {
  const parts = [join(folder, "a.jsonl"), join(folder, "b.jsonl")];
  await writeFile(parts[0]!, '{"index":0}\n{"index":1}\n');
  await writeFile(parts[1]!, '{"index":2}\n');
  const out = join(folder, "reports", "latest");
  await writeReport(out, sampleReport(), parts);
  expect((await readdir(out)).toSorted()).toEqual([...reportFiles].toSorted());
  expect(await readReport(out)).toEqual(sampleReport());
  expect(await readFile(join(out, "history.jsonl"), "utf8")).toBe('{"index":0}\n{"index":1}\n{"index":2}\n');
  expect(await readdir(join(folder, "reports"))).toEqual(["latest"]);
});

test("the next report replaces the last one and leaves other files alone", async () => {
  await writeFile(join(folder, "mine.txt"), "keep");
  await writeReport(folder, sampleReport(), []);
  await writeReport(folder, passingReport(), []);
  expect((await readReport(folder)).verdict).toBe("pass");
  expect(await readFile(join(folder, "mine.txt"), "utf8")).toBe("keep");
});

test("a report that breaks its own schema is not written, and the old one stays", async () => {
  await writeReport(folder, passingReport(), []);
  await expect(writeReport(folder, { ...sampleReport(), startedAt: "yesterday" }, [])).rejects.toThrow("startedAt");
  expect((await readReport(folder)).verdict).toBe("pass");
});

test("a missing history leaves the old report in place and nothing behind", async () => {
  const out = join(folder, "out");
  await writeReport(out, passingReport(), []);
  await expect(writeReport(out, sampleReport(), [join(folder, "none.jsonl")])).rejects.toThrow("ENOENT");
  expect((await readReport(out)).verdict).toBe("pass");
  expect(await readdir(folder)).toEqual(["out"]);
});

test("an unbounded budget and a measure that never came are written as null", async () => {
  const [deployment] = passingReport().deployments;
  const [fault] = deployment!.faults;
  const cells = fault!.cells.map((cell) => ({ ...cell, extra: { firstJobMs: Infinity }, budget: { ...cell.budget, lostOps: Infinity } }));
  await writeReport(folder, { ...passingReport(), deployments: [{ ...deployment!, faults: [{ ...fault!, cells }] }] }, []);
  expect((await readReport(folder)).deployments[0]?.faults[0]?.cells[0]).toMatchObject({
    budget: { lostOps: null },
    extra: { firstJobMs: null },
  });
});

test("the summary says the table again and what became worse", async () => {
  const [now, before] = [join(folder, "now"), join(folder, "before")];
  await writeReport(now, sampleReport(), []);
  await writeReport(before, passingReport(), []);
  const summary = await reportSummary(now, { colour: false, width: 100, against: before });
  expect(summary.worseCells).toBe(0);
  expect(summary.text).toContain("✗ violation  sentinel, hang-primary, session-store");
  expect(summary.text).toContain("nothing became worse in 28 cells\nnewly judged: 14");
});

test("a folder without a report, with a broken one, or with another version's says so", async () => {
  await expect(readReport(folder)).rejects.toThrow(`no report.json in ${folder}`);
  await writeFile(join(folder, "report.json"), "{");
  await expect(readReport(folder)).rejects.toThrow("is not JSON");
  await writeFile(join(folder, "report.json"), JSON.stringify({ ...sampleReport(), schemaVersion: 2 }));
  await expect(readReport(folder)).rejects.toThrow(/not a report of schema version 1:[\s\S]*schemaVersion/);
});
