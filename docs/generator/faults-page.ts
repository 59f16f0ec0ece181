// The faults' reference, made from the fault plan and the budgets, with the evidence that the sample run recorded.

import { budgetFor, type Timers } from "../../conformance/faults/budgets.ts";
import { coreTier, faultDescriptions, quickTier, testTimersMs, type FaultStep } from "../../conformance/faults/fault-plan.ts";
import type { Report } from "../../conformance/report/report.ts";
import { faultNames } from "../../conformance/targets/target.ts";

const productionMs = 5000;
const code = (text: string): string => `\`${text}\``;
const label = ({ name, variant }: { readonly name: string; readonly variant?: string | undefined }): string =>
  variant === undefined ? name : `${name}/${variant}`;
const has = (steps: readonly FaultStep[], step: FaultStep): boolean => steps.some((other) => label(other) === label(step));

const gapMs = (step: FaultStep, timers: Timers): number =>
  budgetFor({ step, pattern: "", check: { extraGapMs: 0, duplicateOps: 0 }, timers }).gapMs;

function budgetRow(step: FaultStep): string {
  const cells = (["sentinel", "cluster"] as const).flatMap((topology) =>
    [productionMs, testTimersMs].map((detectionMs) => `${gapMs(step, { topology, detectionMs })}`),
  );
  return `| ${code(label(step))} | ${has(quickTier.steps, step) ? "quick, core" : "core"} | ${cells.join(" | ")} |`;
}

function evidenceOf(report: Report): readonly string[] {
  return coreTier.steps.flatMap((step) => {
    const seen = report.deployments.flatMap(({ topology, faults }) =>
      faults.filter((fault) => label(fault) === label(step)).map((fault) => `${topology}: ${fault.evidence.join("; ")}`),
    );
    return seen.length === 0 ? [] : [`| ${code(label(step))} | ${seen.join("<br>")} |`];
  });
}

const budgetsText = [
  "A user's own numbers, for `holdfast verify --budgets FILE`; anything that is not named stays as above:",
  "",
  "```yaml",
  "faults:",
  "  crash-primary: { sentinel: { gapMs: 2000 }, cluster: { gapMs: 800, lostOps: 0 } }",
  "  crash-primary/node: { sentinel: { gapMs: 9000 } }",
  "patterns:",
  "  job-queue: { extraGapMs: 500, duplicateOps: 10 }",
  "```",
];

export const faultsPage = (report: Report): string =>
  [
    "# Faults",
    "",
    "Made from the fault plan, the budgets and the sample run by `docs/generate.ts`; do not edit. Faults are aimed at roles. A fault whose",
    "effect was not observed makes every verdict under it `inconclusive`; one that a target cannot do is `not-applicable`, with the reason.",
    "",
    "| fault | what it is | |",
    "| --- | --- | --- |",
    ...faultNames.map(
      (name) => `| ${code(name)} | ${faultDescriptions[name]} | ${coreTier.steps.some((step) => step.name === name) ? "" : "not yet"} |`,
    ),
    "",
    "## What each may cost",
    "",
    `Longest gap between two acknowledged writes, ms, with detection (\`downAfterMs\`, \`nodeTimeoutMs\`) at ${productionMs} (production) and`,
    `${testTimersMs} ms (the core tier). Lost acknowledged writes: 0, except on the cut-off side of a partition, inside the window that`,
    "`durability.maxReplicaLagSeconds` declares. Some patterns [may add to the gap](patterns.md).",
    "",
    `| fault | tier | Sentinel, ${productionMs} | Sentinel, ${testTimersMs} | Cluster, ${productionMs} | Cluster, ${testTimersMs} |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...coreTier.steps.map(budgetRow),
    "",
    ...budgetsText,
    "",
    "## What was seen",
    "",
    `The evidence of one run (seed ${report.seed}, ${report.deployments.map(({ engine, engineVersion }) => `${engine} ${engineVersion}`)[0] ?? ""}):`,
    "",
    "| fault | evidence |",
    "| --- | --- |",
    ...evidenceOf(report),
    "",
  ].join("\n");
