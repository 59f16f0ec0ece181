// Every check must bite: with the naive version of its pattern, a run ends with 1 and names the violation. One run after the other, the
// real command line, real servers.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { allChecks } from "./checks/index.ts";
import { readReport } from "./report/report-summary.ts";
import { runCli } from "./testing/spawn-cli.ts";

const out = mkdtempSync(join(tmpdir(), "holdfast-twins-"));
afterAll(() => rmSync(out, { recursive: true, force: true }));

test.each(allChecks.map((check) => [check.name, check.badTwin] as const))(
  "the bad twin of %s ends with 1 and its violation is named, within 30 s",
  async (name, twin) => {
    const topology = "cluster"; // its faults are the shorter ones
    // a window needs a fault; the cheapest does when the twin is wrong in steady state already
    const fault = twin.shownBy === "steady" ? "switch-over" : twin.shownBy;
    const folder = join(out, name);
    const startedMs = performance.now();
    const { status, stderr } = await runCli([
      "verify",
      "--topology",
      topology,
      "--faults",
      fault,
      "--patterns",
      name,
      "--bad-twin",
      name,
      "--seed",
      "1",
      "--out",
      folder,
      "--quiet",
    ]);
    expect(stderr).toBe("");
    expect(status).toBe(1);
    const report = await readReport(folder);
    const shown = report.deployments
      .flatMap(({ faults }) => faults.flatMap((one) => one.cells))
      .filter(({ pattern, verdict }) => pattern === name && verdict === "violation");
    expect(shown.length).toBeGreaterThan(0);
    expect(shown[0]!.reason.length).toBeGreaterThan(10);
    console.log(`${name} on ${topology}, ${fault}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${shown[0]!.reason}`);
  },
  30_000,
);
