// The budgets against the table of promises, row by row, at the production timers; what a user's file changes; how long clients must hold out.

import { expect, test } from "vitest";
import type { FaultName, FaultVariant } from "../targets/target.ts";
import { budgetFor, outageMsMax, type BudgetFile, type BudgetQuery } from "./budgets.ts";
import { coreTier, faultDescriptions, faultForms } from "./fault-plan.ts";

const check = { extraGapMs: 0, duplicateOps: 0 };
type Change = Partial<Omit<BudgetQuery, "step" | "timers">>;
const budget = (topology: "sentinel" | "cluster", name: FaultName, variant?: FaultVariant, change: Change = {}) =>
  budgetFor({
    step: { name, ...(variant === undefined ? {} : { variant }) },
    pattern: "connection",
    check,
    timers: { topology, detectionMs: 5000 },
    ...change,
  });

/** design/promises.md with D = NT = 5000 ms: fault, form, gap under Sentinel, gap under Cluster. */
const promised: readonly (readonly [FaultName, FaultVariant | undefined, number, number])[] = [
  ["crash-primary", undefined, 1500, 500],
  ["crash-primary", "process", 1500, 500],
  ["crash-primary", "node", 7000, 10_000],
  ["hang-primary", undefined, 10_000, 12_000],
  ["hang-primary", "node", 10_000, 12_000],
  ["stop-primary", undefined, 1500, 300],
  ["switch-over", undefined, 1500, 300],
  ["partition-primary", undefined, 9000, 15_000],
  ["crash-replica", undefined, 100, 100],
  ["full-outage", undefined, 30_000, 30_000],
  ["full-outage", "data-lost", 30_000, 30_000],
  ["empty-primary", undefined, 1500, 500],
  ["empty-primary", "node", 7000, 10_000],
];

test.each(promised)(
  "%s %s may cost %i ms under Sentinel and %i ms under Cluster, and no acknowledged write",
  (name, variant, sentinelMs, clusterMs) => {
    expect(budget("sentinel", name, variant)).toMatchObject({ gapMs: sentinelMs, lostOps: 0 });
    expect(budget("cluster", name, variant)).toMatchObject({ gapMs: clusterMs, lostOps: 0 });
  },
);

test("every fault of the core tier has its row here, and every form of a fault is one the tier or the table knows", () => {
  const rows = new Set(promised.map(([name, variant]) => `${name} ${variant}`));
  expect(coreTier.steps.filter(({ name, variant }) => !rows.has(`${name} ${variant}`))).toEqual([]);
  expect(Object.keys(faultForms).filter((name) => !(name in faultDescriptions))).toEqual([]);
});

test("shorter timers shorten what waits for detection and nothing else", () => {
  const at = (detectionMs: number, name: FaultName, variant?: FaultVariant): number =>
    budgetFor({
      step: { name, ...(variant === undefined ? {} : { variant }) },
      pattern: "connection",
      check,
      timers: { topology: "sentinel", detectionMs },
    }).gapMs;
  expect(at(2000, "crash-primary", "node")).toBe(4000);
  expect(at(2000, "partition-primary")).toBe(6000);
  expect(at(2000, "crash-primary")).toBe(at(5000, "crash-primary"));
});

test("a pattern adds its own time and keeps its own bounds", () => {
  const own = { extraGapMs: 250, duplicateOps: 3, failedOps: 0, extra: { firstJobMs: 6500 } };
  expect(budget("cluster", "switch-over", undefined, { check: own })).toEqual({
    gapMs: 550,
    lostOps: 0,
    duplicateOps: 3,
    failedOps: 0,
    extra: { firstJobMs: 6500 },
  });
  expect(budget("cluster", "switch-over")).not.toHaveProperty("failedOps");
});

const file: BudgetFile = {
  faults: { "crash-primary": { sentinel: { gapMs: 900 } }, "crash-primary/node": { sentinel: { lostOps: 2 } } },
  patterns: { "pub-sub": { extraGapMs: 10, duplicateOps: 1 } },
};

test("a budget file changes the fault, the form, and the topology it names, and no other", () => {
  expect(budget("sentinel", "crash-primary", undefined, { file }).gapMs).toBe(900);
  expect(budget("sentinel", "crash-primary", "process", { file }).gapMs).toBe(900);
  expect(budget("cluster", "crash-primary", undefined, { file }).gapMs).toBe(500);
  expect(budget("sentinel", "crash-primary", "node", { file })).toMatchObject({ gapMs: 7000, lostOps: 2 });
  expect(budget("sentinel", "switch-over", undefined, { file })).toEqual(budget("sentinel", "switch-over"));
});

test("a budget file changes the pattern it names and no other", () => {
  expect(budget("cluster", "switch-over", undefined, { file, pattern: "pub-sub" })).toMatchObject({ gapMs: 310, duplicateOps: 1 });
  expect(budget("cluster", "switch-over", undefined, { file, pattern: "analytics" })).toMatchObject({ gapMs: 300, duplicateOps: 0 });
});

test("clients hold out for twice the budget and never less than 10 s", () => {
  expect(outageMsMax({ name: "switch-over" }, { topology: "cluster", detectionMs: 5000 })).toBe(10_000);
  expect(outageMsMax({ name: "crash-primary", variant: "node" }, { topology: "cluster", detectionMs: 5000 })).toBe(20_000);
  expect(outageMsMax({ name: "full-outage" }, { topology: "sentinel", detectionMs: 5000 })).toBe(60_000);
});
