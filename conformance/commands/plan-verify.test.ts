// What was typed becomes a plan, or is refused before anything is started, with the option and the way out in the message.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { SpecError } from "../../spec/spec-error.ts";
import { patternNames } from "../checks/check.ts";
import { coreTier, quickTier } from "../faults/fault-plan.ts";
import { planVerify, type VerifyOptions, type VerifyPlan } from "./plan-verify.ts";
import { UsageError } from "./usage-error.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-plan-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const plan = (options: Partial<VerifyOptions> = {}): VerifyPlan => planVerify({ target: "process", profile: "durable", ...options });
const detectionMs = ({ specs }: VerifyPlan): readonly number[] =>
  specs.map(({ topology, failover }) => (topology.kind === "sentinel" ? failover.downAfterMs : failover.nodeTimeoutMs));

test("nothing typed means both topologies, the core tier, every pattern, and detection after 2000 ms", () => {
  const made = plan();
  expect(made.specs.map(({ name }) => name)).toEqual(["durable-sentinel", "durable-cluster"]);
  expect(made).toMatchObject({ target: "process", patterns: patternNames, steps: coreTier.steps });
  expect(detectionMs(made)).toEqual([2000, 2000]);
  expect(plan().seed).not.toBe(plan().seed);
});

test("--quick is two faults at the production timers of 5000 ms", () => {
  const made = plan({ quick: true });
  expect(made.steps).toEqual(quickTier.steps);
  expect(detectionMs(made)).toEqual([5000, 5000]);
  expect(detectionMs(plan({ quick: true, timers: "test" }))).toEqual([2000, 2000]);
});

test("--faults takes a fault in every form, in one form, and several in the order given, each once", () => {
  expect(plan({ faults: "crash-primary" }).steps).toEqual([{ name: "crash-primary" }, { name: "crash-primary", variant: "node" }]);
  expect(plan({ faults: "crash-primary/node" }).steps).toEqual([{ name: "crash-primary", variant: "node" }]);
  expect(plan({ faults: "full-outage/data-lost, switch-over" }).steps).toEqual([
    { name: "full-outage", variant: "data-lost" },
    { name: "switch-over" },
  ]);
  expect(plan({ faults: "fill-memory" }).steps).toEqual([{ name: "fill-memory" }]);
});

test("a pattern list is kept in its order and without doubles, and a bad twin alone brings its own pattern", () => {
  expect(plan({ patterns: "leaderboard,connection,leaderboard" }).patterns).toEqual(["leaderboard", "connection"]);
  expect(plan({ badTwin: "pub-sub" })).toMatchObject({ patterns: ["pub-sub"], badTwin: "pub-sub" });
  expect(plan({ badTwin: "pub-sub", patterns: "pub-sub,analytics" }).patterns).toEqual(["pub-sub", "analytics"]);
});

test("the cache profile runs what a cache may carry, on cache deployments", () => {
  const made = plan({ profile: "cache" });
  expect(made.specs.map(({ name }) => name)).toEqual(["cache-sentinel", "cache-cluster"]);
  expect(made.patterns).not.toContain("session-store");
});

test("a spec file brings its own topology and timers, --engine another engine", () => {
  const made = plan({
    spec: file("orders.yaml", "name: orders\ntopology: { kind: cluster }\nfailover: { nodeTimeoutMs: 3000 }\n"),
    engine: "valkey",
  });
  expect(made.specs.map(({ name, engine }) => [name, engine.name])).toEqual([["orders", "valkey"]]);
  expect(detectionMs(made)).toEqual([3000]);
});

test("a budget file is read and kept as it is", () => {
  const budgets = file(
    "budgets.yaml",
    "faults:\n  crash-primary/node: { sentinel: { gapMs: 9000, lostOps: 1 } }\npatterns:\n  pub-sub: { extraGapMs: 10 }\n",
  );
  expect(plan({ budgets }).budgets).toEqual({
    faults: { "crash-primary/node": { sentinel: { gapMs: 9000, lostOps: 1 } } },
    patterns: { "pub-sub": { extraGapMs: 10 } },
  });
});

/** What is typed, the option the refusal must name, and a piece of the way out. */
const refusals: readonly (readonly [string, () => Partial<VerifyOptions>, string, RegExp])[] = [
  ["an unknown target", () => ({ target: "moon" }), "--target moon", /known are .*process/],
  ["an unknown profile", () => ({ profile: "fast" }), "--profile fast", /durable, cache/],
  ["an unknown topology", () => ({ topology: "sentinel,ring" }), "--topology ring", /sentinel, cluster/],
  ["an empty topology list", () => ({ topology: " , " }), "--topology", /give one or more of sentinel, cluster/],
  ["an unknown engine", () => ({ engine: "keydb" }), "--engine keydb", /redis, valkey/],
  ["an unknown pattern", () => ({ patterns: "connection,lock" }), "--patterns lock", /session-store/],
  ["an empty pattern list", () => ({ patterns: "" }), "--patterns", /give one or more of connection/],
  ["an unknown fault", () => ({ faults: "crash" }), "--faults crash", /crash-primary/],
  ["an empty fault list", () => ({ faults: "," }), "--faults", /give one or more of crash-primary/],
  ["an unknown form of a fault", () => ({ faults: "crash-primary/half" }), "--faults crash-primary/half", /process, node; .*leave out/],
  [
    "a form that this fault does not have",
    () => ({ faults: "switch-over/data-lost" }),
    "--faults switch-over/data-lost",
    /leave out \/data-lost/,
  ],
  ["--quick with --faults", () => ({ quick: true, faults: "crash-primary" }), "--quick", /leave out --quick or --faults/],
  ["--spec with --topology", () => ({ spec: "durable-sentinel", topology: "cluster" }), "--topology", /leave out --topology or --spec/],
  ["unknown timers", () => ({ timers: "slow" }), "--timers slow", /production, test/],
  ["an unknown bad twin", () => ({ badTwin: "lock" }), "--bad-twin lock", /session-store/],
  [
    "a bad twin whose pattern does not run",
    () => ({ badTwin: "pub-sub", patterns: "connection" }),
    "--bad-twin pub-sub",
    /add pub-sub to --patterns/,
  ],
  ["a seed that is no number", () => ({ seed: "x" }), "--seed x", /whole number from 0/],
  ["a negative seed", () => ({ seed: "-1" }), "--seed -1", /whole number from 0/],
  ["an empty seed", () => ({ seed: "" }), "--seed", /whole number from 0/],
  ["a budget file that is not there", () => ({ budgets: join(folder, "none.yaml") }), "--budgets", /no such file/],
  ["a budget file that is no YAML", () => ({ budgets: file("broken.yaml", "faults: [") }), "--budgets", /broken\.yaml/],
  ["an empty budget file", () => ({ budgets: file("empty.yaml", "") }), "--budgets", /empty\.yaml/],
  [
    "a budget for an unknown fault",
    () => ({ budgets: file("fault.yaml", "faults:\n  crash: { sentinel: { gapMs: 1 } }\n") }),
    "--budgets",
    /faults\.crash.*crash-primary/,
  ],
  [
    "a budget for an unknown pattern",
    () => ({ budgets: file("pattern.yaml", "patterns:\n  lock: { extraGapMs: 1 }\n") }),
    "--budgets",
    /patterns/,
  ],
  [
    "a misspelt bound",
    () => ({ budgets: file("bound.yaml", "faults:\n  crash-primary: { sentinel: { gap: 1 } }\n") }),
    "--budgets",
    /faults\.crash-primary\.sentinel.*gap/,
  ],
  [
    "a negative bound",
    () => ({ budgets: file("minus.yaml", "faults:\n  crash-primary: { sentinel: { gapMs: -1 } }\n") }),
    "--budgets",
    /faults\.crash-primary\.sentinel\.gapMs/,
  ],
];

test.each(refusals)("%s is refused, and the message names the option and the fix", (_, options, option, fix) => {
  const refused = (): VerifyPlan => plan(options());
  expect(refused).toThrow(UsageError);
  expect(refused).toThrow(option);
  expect(refused).toThrow(fix);
});

test.each([
  ["a spec that is not there", () => "none.yaml", /name one of durable-sentinel/],
  ["a spec file that is no YAML", () => file("spec-broken.yaml", "topology: [\n"), /Fix: correct that line/],
  ["a spec with an unknown field", () => file("spec-field.yaml", "colour: red\n"), /colour.*Fix: /s],
  [
    "a spec with three Sentinels too few",
    () => file("spec-sentinels.yaml", "topology: { kind: sentinel, sentinels: 2 }\n"),
    /topology\.sentinels.*Fix: /s,
  ],
])("%s is refused as a SpecError with its fix", (_, spec, fix) => {
  expect(() => plan({ spec: spec() })).toThrow(SpecError);
  expect(() => plan({ spec: spec() })).toThrow(fix);
});
