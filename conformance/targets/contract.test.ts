// What every target in the catalogue owes: it starts nothing when asked what it cannot do, comes up in time with the roles it was asked for,
// proves and heals each fault it offers, and leaves nothing. The slow faults are proven by `make verify`.

import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readSpec } from "../../spec/read-spec.ts";
import type { Contract } from "../testing/contract-probe.ts";
import { insideWalls } from "../testing/inside-walls.ts";
import { tracesOf } from "../testing/traces.ts";
import { targets } from "./index.ts";
import { faultNames, type NodeView } from "./target.ts";

const probe = join(import.meta.dirname, "..", "testing", "contract-probe.ts");
/** promises.md, "Speed of the kit itself". */
const readyPromiseMs = { sentinel: 1000, cluster: 3000 } as const;
const slack = 2; // other work shares the two cores of a test machine
const promoting = ["switch-over", "crash-primary", "stop-primary", "empty-primary"];

const primaryOf = (views: readonly NodeView[], shard: number): string | undefined =>
  views.find((view) => view.shard === shard && view.role === "primary")?.id;

function expectWhole(views: readonly NodeView[], shards: number): void {
  for (let shard = 0; shard < shards; shard++)
    expect(views.filter((view) => view.shard === shard && view.role === "primary" && view.writable)).toHaveLength(1);
  expect(views.filter((view) => !view.linkUp || view.role === "unreachable")).toEqual([]);
}

const cases = Object.keys(targets).flatMap((target) => (["sentinel", "cluster"] as const).map((topology) => ({ target, topology })));

test.each(Object.entries(targets))("%s says what it cannot bring up without starting anything", (_, target) => {
  const nothing = { tmp: "/nonexistent", cache: "/nonexistent" };
  const before = tracesOf(process.pid, nothing).processes;
  expect(target.unsupported(readSpec("durable-sentinel"))).toEqual([]);
  expect(target.unsupported(readSpec("durable-cluster"))).toEqual([]);
  expect(target.unsupported(readSpec("security: { tls: {} }")).join()).toMatch(/security\.tls/);
  expect(tracesOf(process.pid, nothing).processes).toBe(before);
});

describe.each(cases)("$target, $topology", ({ target, topology }) => {
  const seen = {} as { contract: Contract };
  beforeAll(async () => {
    seen.contract = await insideWalls<Contract>(probe, [target, `durable-${topology}`], 55_000);
  });

  test(`is fully redundant within ${readyPromiseMs[topology]} ms (asserted with ${slack} x for a busy machine)`, () => {
    const { readyMs, suffered } = seen.contract;
    console.log(
      `${target}, ${topology}: ready in ${readyMs} ms; ${suffered.map(({ fault, tookMs }) => `${fault} ${tookMs} ms`).join(", ")}`,
    );
    expect(readyMs).toBeLessThanOrEqual(readyPromiseMs[topology] * slack);
  });

  test("has the nodes, shards, zones, and roles it was asked for, each with an id, an address, and a version", () => {
    const { topology: wanted } = readSpec(`durable-${topology}`);
    const shards = wanted.kind === "cluster" ? wanted.shards : 1;
    const { nodes, engineVersion } = seen.contract;
    expect(engineVersion).toMatch(/^\d+\.\d+\.\d+$/);
    expect(nodes).toHaveLength(shards * (1 + wanted.replicas));
    expect(seen.contract.shards.flat()).toEqual(expect.arrayContaining([0, 16_383]));
    expect(seen.contract.shards).toHaveLength(shards);
    expectWhole(nodes, shards);
    for (const key of ["id", "runId"] as const) expect(new Set(nodes.map((node) => node[key])).size).toBe(nodes.length);
    for (let shard = 0; shard < shards; shard++)
      expect(new Set(nodes.filter((node) => node.shard === shard).map(({ zone }) => zone)).size).toBeGreaterThan(1);
  });

  test("says of every fault that it offers it or why not, or leaves it out", () => {
    const { offered, missing } = seen.contract;
    expect(offered.filter((name) => !faultNames.includes(name))).toEqual([]);
    expect(offered.filter((name) => missing[name] !== undefined)).toEqual([]);
    expect(offered).toEqual(expect.arrayContaining([...promoting, "crash-replica"]));
  });

  test("proves each quick fault, heals it, and keeps every key, within 30 s each", () => {
    const { suffered, nodes, shards } = seen.contract;
    expect(suffered.map(({ fault }) => fault).toSorted()).toEqual([...promoting, "crash-replica"].toSorted());
    for (const { fault, shard, settled, before, after, keptKeys, tookMs } of suffered) {
      expect({ fault, effective: settled.effective, seen: settled.seen }).toMatchObject({ effective: true });
      expect(settled.seen.length, fault).toBeGreaterThan(1);
      expect(primaryOf(after, shard) !== primaryOf(before, shard), `${fault} moved the role`).toBe(promoting.includes(fault));
      expect(settled.promotedAtNs !== undefined, fault).toBe(promoting.includes(fault));
      expect(after).toHaveLength(nodes.length);
      expectWhole(after, shards.length);
      expect(keptKeys, fault).toBe(50);
      expect(tookMs, fault).toBeLessThan(30_000);
    }
  });

  test("moves no role of a shard that was not aimed at", () => {
    const { suffered, shards } = seen.contract;
    for (const { fault, shard: aimed, before, after } of suffered)
      for (const shard of shards.keys())
        if (shard !== aimed) expect(primaryOf(after, shard), `${fault}, shard ${shard}`).toBe(primaryOf(before, shard));
  });

  test("refuses an aim at a shard that is not there, in words", () => {
    expect(seen.contract.wrongAim).toMatchObject({
      isTargetError: true,
      message: expect.stringMatching(/^shard 99 has no primary to aim at/),
    });
  });

  test("keeps a log of every node, without a secret in it", () => {
    const { logged, nodes, secretInLogs } = seen.contract;
    expect(logged).toEqual(expect.arrayContaining(nodes.map(({ id }) => id)));
    expect(secretInLogs).toBe(false);
  });

  test("leaves no process and no file when it is disposed", () => expect(seen.contract.left).toEqual([]));
});
