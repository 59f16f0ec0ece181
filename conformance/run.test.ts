// The engine's own decisions, on a deployment and a check made up for it: no pass without proof, a fresh deployment after one that did not
// heal, and everything disposed, whatever happens. What real ones do is shown by targets/contract.test.ts and cli.test.ts.

import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { deploymentSpec } from "../spec/deployment-spec.ts";
import type { Finding } from "./checkers/finding.ts";
import type { Check } from "./checks/check.ts";
import type { FaultStep } from "./faults/fault-plan.ts";
import type { DeploymentReport } from "./report/report.ts";
import { runDeployment, type RunPlan } from "./run.ts";
import { TargetError, type Deployment, type Injected, type NodeView, type Target } from "./targets/target.ts";

const measured = { gapMs: 10, ackedOps: 5, lostOps: 0, duplicateOps: 0, lateOps: 0, failedOps: 0, unknownOps: 0 };
const passing: Finding = { verdict: "pass", measured, reason: "fine", evidence: [] };

const check = (judge: Check["judge"] = () => passing): Check => ({
  name: "connection",
  promise: "it is made up",
  level: "core",
  budget: { extraGapMs: 0, duplicateOps: 0 },
  badTwin: { name: "none", violation: "none", shownBy: "steady" },
  start: ({ record }) => {
    record.invoke({ process: 0, op: "write", key: "k" }).ok();
    return Promise.resolve({ steady: Promise.resolve(), stop: () => Promise.resolve() });
  },
  judge,
});

const node = (id: string, role: NodeView["role"]): NodeView => ({
  id,
  role,
  address: { host: "127.0.0.1", port: 1 },
  zone: "a",
  shard: 0,
  linkUp: true,
  writable: role === "primary",
  epoch: 0,
  runId: id,
  offset: 0,
});

interface MadeUp {
  readonly effective?: boolean;
  readonly roles?: readonly NodeView["role"][];
  readonly settle?: () => Promise<void>;
  readonly redundant?: () => Promise<void>;
  readonly up?: () => Promise<void>;
}

/** A target of data only, and what happened to it. */
function madeUp({
  effective = true,
  roles = ["primary", "replica"],
  settle = async () => {},
  redundant = async () => {},
  up = async () => {},
}: MadeUp = {}) {
  const happened: string[] = [];
  const evidence = { effective, seen: ["something was seen"] };
  const inject = (): Promise<Injected> => {
    happened.push("inject");
    return Promise.resolve({
      observed: evidence,
      settled: () => settle().then(() => evidence),
      [Symbol.asyncDispose]: async () => void happened.push("heal"),
    });
  };
  const deployment = (spec: Deployment["spec"]): Deployment => ({
    spec,
    engineVersion: "7.0.0",
    readyMs: 5,
    connection: () => ({ topology: "sentinel", sentinels: [], masterName: "m", nodes: [], username: "app", password: "secret" }),
    shards: [[0, 16_383]],
    nodes: () => Promise.resolve(roles.map((role, at) => node("ab"[at]!, role))),
    redundant,
    logs: () => Promise.resolve({ a: "the log of a" }),
    faults: { "switch-over": inject, "crash-primary": inject },
    missing: { "partition-primary": "packets cannot be dropped here" },
    [Symbol.asyncDispose]: async () => void happened.push("down"),
  });
  const target: Target = {
    name: "made-up",
    unsupported: () => [],
    up: async (spec) => {
      await up();
      happened.push("up");
      return deployment(spec);
    },
  };
  return { target, happened };
}

const twoSteps: readonly FaultStep[] = [{ name: "switch-over" }, { name: "crash-primary" }];

function run(target: Target, change: Partial<RunPlan> = {}): Promise<DeploymentReport> {
  return runDeployment({
    target,
    spec: deploymentSpec(),
    checks: [check()],
    steps: [{ name: "switch-over" }],
    seed: 1,
    signal: new AbortController().signal,
    onProgress: () => {},
    onHistory: () => {},
    nowNs: () => process.hrtime.bigint(),
    startedNs: process.hrtime.bigint(),
    ...change,
  });
}
const verdicts = (report: DeploymentReport) => report.faults.flatMap(({ cells }) => cells.map(({ verdict }) => verdict));
const reasonOf = (report: DeploymentReport): string | undefined => report.faults[0]?.cells[0]?.reason;

describe.concurrent("the engine", () => {
  test("injects every fault once into one deployment, heals it, and takes the deployment down at the end", async () => {
    const { target, happened } = madeUp();
    const report = await run(target, { steps: twoSteps });
    expect(verdicts(report)).toEqual(["pass", "pass"]);
    expect(happened).toEqual(["up", "inject", "heal", "inject", "heal", "down"]);
    expect(report.logs).toBeUndefined();
  });

  test("calls a fault without proven effect inconclusive, never a pass, and says what was seen", async () => {
    const report = await run(madeUp({ effective: false }).target);
    expect(verdicts(report)).toEqual(["inconclusive"]);
    expect(reasonOf(report)).toBe("the fault had no proven effect: something was seen");
    expect(report.logs).toEqual({ a: "the log of a" });
  });

  test("keeps a violation that it saw although the fault had no proven effect", async () => {
    const violation = check(() => ({ ...passing, verdict: "violation", reason: "lost" }));
    expect(verdicts(await run(madeUp({ effective: false }).target, { checks: [violation] }))).toEqual(["violation"]);
  });

  test("calls a checker that throws inconclusive and names what it threw", async () => {
    const report = await run(madeUp().target, {
      checks: [
        check(() => {
          throw new Error("cannot count");
        }),
      ],
    });
    expect(verdicts(report)).toEqual(["inconclusive"]);
    expect(reasonOf(report)).toBe("the checker threw: cannot count");
  });

  test("lets no deployment pass that did not become whole again, and gives the next fault a fresh one", async () => {
    const { target, happened } = madeUp({ redundant: () => Promise.reject(new TargetError("b is not linked")) });
    const report = await run(target, { steps: twoSteps });
    expect(verdicts(report)).toEqual(["budget-exceeded", "budget-exceeded"]);
    expect(reasonOf(report)).toContain("b is not linked");
    expect(report.faults[0]!.redundancyMs).toBeNull();
    expect(happened).toEqual(["up", "inject", "heal", "down", "up", "inject", "heal", "down"]);
  });

  test("calls two writable primaries for longer than max-lag and 1 s a violation of the connection", async () => {
    const report = await run(madeUp({ roles: ["primary", "primary"], settle: () => sleep(3000) }).target);
    expect(verdicts(report)).toEqual(["violation"]);
    expect(reasonOf(report)).toMatch(/^a and b of shard 0 were writable primaries at once for \d{4} ms, 4000 ms are allowed$/);
    expect(report.faults[0]).toMatchObject({ writablePrimariesMax: 2 });
    expect(report.faults[0]!.twoPrimariesMs).toBeGreaterThan(4000);
  });

  test("reports a fault that cannot be done as not applicable, with the deployment's reason or the target's name", async () => {
    const report = await run(madeUp().target, { steps: [{ name: "partition-primary" }, { name: "fill-disk" }] });
    expect(report.faults.map(({ notApplicable, cells }) => [notApplicable, cells.length])).toEqual([
      ["packets cannot be dropped here", 0],
      ["the made-up target cannot do it", 0],
    ]);
  });

  test("reports a deployment that does not come up, in the target's words", async () => {
    const report = await run(madeUp({ up: () => Promise.reject(new TargetError("n1 did not answer within 30 s")) }).target);
    expect(report).toMatchObject({ error: "n1 did not answer within 30 s", readyMs: null, faults: [], nodes: [] });
  });

  test("tells a defect of its own from a deployment that does not come up", async () => {
    expect((await run(madeUp({ up: () => Promise.reject(new TypeError("x is undefined")) }).target)).error).toMatch(
      /^the suite itself failed: TypeError: x is undefined\n/,
    );
  });

  test("is stopped in mid-fault within 1 s, rejects, and takes the deployment down", async () => {
    const stop = new AbortController();
    const { target, happened } = madeUp({ settle: () => sleep(20_000, undefined, { ref: false }) });
    const running = run(target, { signal: stop.signal });
    const rejected = expect(running).rejects.toThrow("stopped");
    while (!happened.includes("inject")) await sleep(20);
    const startMs = performance.now();
    stop.abort(new Error("stopped"));
    await rejected;
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(happened.at(-1)).toBe("down");
  });
});
