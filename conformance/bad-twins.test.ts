// Every check must bite: with the naive version of its pattern, a run ends with 1 and names the violation. One run after the other, the
// real command line, real servers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { PatternName } from "./checks/check.ts";
import { allChecks } from "./checks/index.ts";
import { readReport } from "./report/report-summary.ts";
import { runCli } from "./testing/spawn-cli.ts";

const out = mkdtempSync(join(tmpdir(), "holdfast-twins-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** Where a twin is shown: the topology with the shorter faults, except where the twin is naive about something only the other has. */
const topologies: Readonly<Partial<Record<PatternName, "sentinel" | "cluster">>> = {};

test.each(allChecks.map((check) => [check.name, check.badTwin] as const))("the bad twin of %s ends with 1 and its violation is named, within 30 s", async (name, twin) => {
  const topology = topologies[name] ?? "cluster";
  // a window needs a fault; the cheapest does when the twin is wrong in steady state already
  const fault = twin.shownBy === "steady" ? "switch-over" : twin.shownBy;
  const folder = join(out, name);
  const startedMs = performance.now();
  const { status, stderr } = await runCli(["verify", "--topology", topology, "--faults", fault, "--patterns", name, "--bad-twin", name, "--seed", "1", "--out", folder, "--quiet"]);
  expect(stderr).toBe("");
  expect(status).toBe(1);
  const report = await readReport(folder);
  const cells = report.deployments.flatMap(({ faults }) => faults.flatMap((one) => one.cells));
  expect(cells.map(({ pattern }) => pattern)).toContain(name);
  expect(cells.map(({ verdict }) => verdict)).toContain("violation");
  console.log(`${name} on ${topology}, ${fault}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${cells.find(({ verdict }) => verdict === "violation")?.reason ?? ""}`);
}, 30_000);
