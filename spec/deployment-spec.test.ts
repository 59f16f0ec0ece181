// What a spec means where it is silent, what is refused, and that every refusal says field, value, reason and fix.

import { describe, expect, it } from "vitest";
import {
  checkSpec,
  deploymentSpec,
  maxmemoryBytes,
  withEngine,
  withFailoverTimers,
  withProfile,
  type SpecInput,
} from "./deployment-spec.ts";
import { namedSpecs, specNames } from "./named-specs.ts";
import { SpecError } from "./spec-error.ts";

const cluster = { kind: "cluster" } as const;
const cache = { profile: "cache" } as const;

/** What is asked, and the fields that must be named in the answer. */
const refused: readonly (readonly [why: string, input: unknown, fields: readonly string[]])[] = [
  ["minReplicasToWrite with one replica", { topology: { replicas: 1 } }, ["durability.minReplicasToWrite"]],
  ["minReplicasToWrite with one replica a shard", { topology: { ...cluster, replicas: 1 } }, ["durability.minReplicasToWrite"]],
  ["minReplicasToWrite without a lag", { durability: { maxReplicaLagSeconds: 0 } }, ["durability.maxReplicaLagSeconds"]],
  ["no replica at all", { ...cache, topology: { replicas: 0 } }, ["topology.replicas"]],
  ["durable without persistence", { persistence: { aof: "off", rdb: [] } }, ["persistence.aof"]],
  ["durable with snapshots only", { persistence: { aof: "off" } }, ["persistence.aof"]],
  ["durable that evicts", { eviction: "allkeys-lru" }, ["eviction"]],
  ["a queue on an evicting policy", { ...cache, carries: ["cache-aside", "job-queue"] }, ["eviction"]],
  ["rate limits under allkeys-lfu", { ...cache, carries: ["rate-limiter"] }, ["eviction"]],
  ["fast Sentinel detection outside a test", { failover: { downAfterMs: 999 } }, ["failover.downAfterMs"]],
  ["fast Cluster detection outside a test", { topology: cluster, failover: { nodeTimeoutMs: 500 } }, ["failover.nodeTimeoutMs"]],
  ["retries before detection", { failover: { downAfterMs: 5_000, failoverTimeoutMs: 4_000 } }, ["failover.failoverTimeoutMs"]],
  ["an even number of Sentinels", { topology: { sentinels: 4, quorum: 3 } }, ["topology.sentinels"]],
  ["two Sentinels", { topology: { sentinels: 2 } }, ["topology.sentinels"]],
  ["a quorum nobody can reach", { topology: { quorum: 4 } }, ["topology.quorum"]],
  ["a quorum of all", { topology: { quorum: 3 } }, ["topology.quorum"]],
  ["a quorum of a minority", { topology: { sentinels: 5, quorum: 2 } }, ["topology.quorum"]],
  ["maxmemory without room", { memory: { maxmemoryPercent: 90 } }, ["memory.maxmemoryPercent"]],
  ["maxmemory without room for the process", { ...cache, memory: { limitMb: 64, maxmemoryPercent: 80 } }, ["memory.limitMb"]],
  ["a volume too small for a rewrite", { memory: { volumeMb: 900 } }, ["memory.volumeMb"]],
  ["a volume too small for two snapshots", { ...cache, persistence: { rdb: [[900, 1]] }, memory: { volumeMb: 700 } }, ["memory.volumeMb"]],
  ["all replicas synchronising at once", { failover: { parallelSyncs: 2 } }, ["failover.parallelSyncs"]],
  ["two shards", { topology: { ...cluster, shards: 2 } }, ["topology.shards"]],
  ["the name everybody uses", { name: "mymaster" }, ["name"]],
  ["a name that breaks out of a config line", { name: "a b" }, ["name"]],
  ["two zones", { placement: { zones: ["a", "b"] } }, ["placement.zones"]],
  ["a zone named twice", { placement: { zones: ["a", "a", "b"] } }, ["placement.zones"]],
  ["an engine without fixes", { engine: { version: "6.2" } }, ["engine.version"]],
  ["a key nobody knows", { memory: { limitMB: 1 }, sentinals: 3 }, ["memory.limitMB", "sentinals"]],
  ["values of the wrong kind", { profile: "fast", memory: 512, topology: { kind: "ring" } }, ["profile", "memory", "topology.kind"]],
  ["something that is no spec", [1, 2], ["(spec)"]],
];

const problemsOf = (input: unknown) => {
  const checked = checkSpec(input);
  return "problems" in checked ? checked.problems : [];
};

describe("a spec is refused for", () => {
  it.each(refused)("%s", (_why, input, fields) => {
    const problems = problemsOf(input);
    expect(problems.map(({ field }) => field).sort()).toEqual([...fields].sort());
    for (const { field, value, reason, fix } of problems) {
      expect(
        [field, reason, fix].every((text) => text.length > 3),
        JSON.stringify({ field, reason, fix }),
      ).toBe(true);
      const { message } = new SpecError("refused", problems);
      for (const part of [field, JSON.stringify(value) ?? "(absent)", reason, fix]) expect(message).toContain(part);
    }
  });

  it("everything that is wrong with it at once", () => {
    expect(() => deploymentSpec({ name: "mymaster", topology: { sentinels: 2 }, eviction: "allkeys-lru" })).toThrow(
      /name = .*\n.*topology\.sentinels = 2.*\n.*eviction = /,
    );
  });

  it("an unknown field without repeating its value, which may be a password", () => {
    expect(() => deploymentSpec({ security: { password: "hunter2hunter2hunter2" } })).toThrow(/security\.password(?!.*hunter2)/);
  });
});

const fixes: readonly (readonly [refused: SpecInput, fixed: SpecInput])[] = [
  [{ topology: { replicas: 1 } }, { topology: { replicas: 1 }, durability: { minReplicasToWrite: 0 } }],
  [{ failover: { downAfterMs: 500 } }, { failover: { downAfterMs: 500, testTimers: true } }],
  [{ memory: { maxmemoryPercent: 90 } }, { memory: { maxmemoryPercent: 70 } }],
  [
    { profile: "cache", carries: ["rate-limiter"] },
    { profile: "cache", carries: ["rate-limiter"], eviction: "volatile-ttl" },
  ],
];

describe("a spec", () => {
  it.each(fixes)("that was refused (%j) is accepted with the fix it was told (%j)", (bad, good) => {
    expect(problemsOf(bad)).not.toEqual([]);
    expect(problemsOf(good)).toEqual([]);
  });

  it("that says nothing is a durable Sentinel deployment with the recommended values", () => {
    expect(deploymentSpec()).toEqual(namedSpecs["durable-sentinel"]);
  });

  it.each(specNames)("named %s has its own name as monitored name, and is accepted as written out", (name) => {
    expect(namedSpecs[name].name).toBe(name);
    expect(deploymentSpec(namedSpecs[name])).toEqual(namedSpecs[name]);
  });

  it("changes profile as a whole, and keeps what is not the profile's", () => {
    const spec = deploymentSpec({ name: "shop", memory: { limitMb: 1024 }, engine: { name: "valkey" }, topology: cluster });
    expect(withProfile(spec, "cache")).toEqual(
      deploymentSpec({ name: "shop", memory: { limitMb: 1024 }, engine: { name: "valkey" }, topology: cluster, ...cache }),
    );
    expect(withProfile(namedSpecs["durable-cluster"], "cache")).toEqual(namedSpecs["cache-cluster"]);
  });

  it("takes a test's timers and another engine", () => {
    expect(withFailoverTimers(namedSpecs["durable-cluster"], { nodeTimeoutMs: 500 }).failover).toMatchObject({
      nodeTimeoutMs: 500,
      testTimers: true,
    });
    expect(withEngine(deploymentSpec({ engine: { version: "7.4" } }), "valkey").engine).toEqual({ name: "valkey" });
  });

  it("sets maxmemory to its share of the limit", () => {
    expect(maxmemoryBytes(deploymentSpec({ memory: { limitMb: 1000 } }))).toBe(600 * 1_048_576);
  });
});
