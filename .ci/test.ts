// Runs the checks one after the other and counts: each tool is one test, vitest brings its own numbers. Arguments go to vitest.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const tool = (path: string): string => join(root, "node_modules", path);
const folder = mkdtempSync(join(tmpdir(), "holdfast-tests-"));
const results = join(folder, "vitest.json");
const total = { passed: 0, failed: 0, skipped: 0 };

const environment = { ...process.env, PATH: `${tool(".bin")}:${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
const run = (args: readonly string[]): number =>
  spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env: environment }).status ?? 1;

function one(name: string, args: readonly string[]): void {
  const code = run(args);
  if (code === 0) total.passed++;
  else total.failed++;
  console.log(`${code === 0 ? "ok      " : "NOT OK  "} ${name}`);
}

one("types", [tool("typescript/bin/tsc"), "--noEmit", "-p", "."]);
one("lint", [tool("oxlint/bin/oxlint")]);
one("format", [
  tool("oxfmt/bin/oxfmt"),
  "--check",
  "spec",
  "conformance",
  "lifecycle",
  "docs",
  ".ci",
  "architecture.test.ts",
  "vitest.config.ts",
]);

const code = run([
  tool("vitest/vitest.mjs"),
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${results}`,
  ...process.argv.slice(2),
]);
try {
  const report = JSON.parse(readFileSync(results, "utf8")) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
  };
  total.passed += report.numPassedTests;
  total.failed += report.numFailedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  if (code !== 0 && report.numFailedTests === 0) total.failed++; // a file that could not be loaded, an error outside a test
} catch {
  total.failed++;
}
rmSync(folder, { recursive: true, force: true });
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
