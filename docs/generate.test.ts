// The generated pages are what the code says today, and the generator refuses to leave something old in silence.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sampleReport } from "../conformance/testing/sample-report.ts";
import { planVerify } from "../conformance/commands/plan-verify.ts";
import { generated } from "./generate.ts";
import { importTable } from "./generator/import-table.ts";
import { withBlocks } from "./generator/marked-blocks.ts";
import { takeSample } from "./generator/sample-report.ts";
import { verdictTable } from "./generator/verdict-table.ts";

const root = join(import.meta.dirname, "..");

test("every generated page is what `make docs` would write", async () => {
  for (const [path, text] of await generated()) expect(readFileSync(join(root, path), "utf8"), `${path}: run \`make docs\``).toBe(text);
});

test("a block is replaced between its marks, and nothing else is touched", () => {
  const page = "before\n<!-- one:start -->\nold\n<!-- one:end -->\nafter\n";
  expect(withBlocks(page, { one: "new" })).toBe("before\n<!-- one:start -->\n\nnew\n\n<!-- one:end -->\nafter\n");
});

test("a block that nobody generates, or that does not end, is an error", () => {
  expect(() => withBlocks("<!-- one:start -->\n<!-- one:end -->\n", {})).toThrow("nobody generates the block one");
  expect(() => withBlocks("<!-- one:start -->\n", { one: "" })).toThrow("mark is missing");
});

test("an import table that is written differently is an error, not an empty page", () => {
  expect(importTable().split("\n").length).toBeGreaterThan(12);
  expect(() => importTable("const table = [];")).toThrow("no longer written as rows of folders");
});

test("the verdict table shows the worst cell of a pattern by verdict, then by loss", () => {
  const table = verdictTable(sampleReport());
  expect(table.split("\n")[0]).toContain("Sentinel: primary crashes");
  expect(table).toMatch(/✗ [^|]*\(/);
});

test("the sample is refused when it shows one topology only", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
  try {
    const report = sampleReport();
    writeFileSync(join(folder, "report.json"), JSON.stringify({ ...report, deployments: report.deployments.slice(0, 1) }));
    await expect(takeSample(folder)).rejects.toThrow("must show both topologies");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the budget file that the faults page shows is accepted", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
  try {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, "docs/reference/faults.md"), "utf8"))?.[1] ?? "";
    writeFileSync(join(folder, "budgets.yaml"), yaml);
    const plan = planVerify({ target: "process", profile: "durable", budgets: join(folder, "budgets.yaml") });
    expect(plan.budgets?.faults?.["crash-primary"]?.sentinel?.gapMs).toBe(2000);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
