// Combinations that are valid field by field and known to hurt in production, each with field, value, reason and fix.
// Numbers are from promises.md ("two profiles") and performance.md. Pure: it decides, and reports everything at once.

import type { DeploymentSpec } from "./deployment-spec.ts";
import { notOlder } from "./engine-version.ts";
import { memoryRefusals } from "./memory-refusals.ts";
import type { SpecProblem } from "./spec-error.ts";
import { topologyRefusals } from "./topology-refusals.ts";

type Rule = (spec: DeploymentSpec) => SpecProblem | readonly SpecProblem[] | false;

/** What breaks when keys vanish under memory pressure. Rate limits live with it under volatile-ttl, caches and channels under any. */
const neverEvicted: readonly string[] = [
  "session-store",
  "job-queue",
  "job-schedule",
  "leaderboard",
  "analytics",
  "event-stream",
  "lock",
  "idempotency-key",
];

const evicting: Rule = ({ eviction, carries = [], profile }) => {
  if (eviction === "noeviction") return false;
  if (profile === "durable") {
    const reason = "a durable deployment would throw away writes it has acknowledged as soon as memory is full";
    return { field: "eviction", value: eviction, reason, fix: "set eviction: noeviction, or profile: cache" };
  }
  const harmed = carries.filter((pattern) => neverEvicted.includes(pattern) || (pattern === "rate-limiter" && eviction !== "volatile-ttl"));
  if (harmed.length === 0) return false;
  const reason = `${harmed.join(", ")} would lose keys under memory pressure (eviction is per server, so prefixes and databases do not help)`;
  return {
    field: "eviction",
    value: eviction,
    reason,
    fix: "set profile: durable, or take them out of carries and give them a deployment of their own",
  };
};

const persistent: Rule = ({ profile, persistence: { aof } }) =>
  profile === "durable" &&
  (aof === "off" || aof === "no") && {
    field: "persistence.aof",
    value: aof,
    reason: `a durable deployment comes back from a full outage ${aof === "off" ? "empty or with its last snapshot" : "without the writes the kernel still held, up to 30 s of them"}`,
    fix: "set persistence.aof: everysec (or always), or profile: cache",
  };

const lag: Rule = ({ durability: { minReplicasToWrite, maxReplicaLagSeconds } }) =>
  minReplicasToWrite > 0 &&
  maxReplicaLagSeconds < 2 && {
    field: "durability.maxReplicaLagSeconds",
    value: maxReplicaLagSeconds,
    reason: maxReplicaLagSeconds === 0 ? "0 switches minReplicasToWrite off" : "replicas report once a second, so writes would flap",
    fix: "set durability.maxReplicaLagSeconds: 3, or durability.minReplicasToWrite: 0",
  };

function timers({ topology, failover }: DeploymentSpec): readonly SpecProblem[] {
  const name = topology.kind === "sentinel" ? "downAfterMs" : "nodeTimeoutMs";
  const value = failover[name];
  const field = `failover.${name}`;
  const short = "a fork or a busy host looks dead that soon: double failovers were measured at 1000 ms, none from 2000 ms on";
  const late = "a failover that fails is tried again after twice this, before the primary is even known to be down";
  return [
    ...(value < 1_000 && !failover.testTimers
      ? [{ field, value, reason: short, fix: `set ${field}: 5000, or failover.testTimers: true in a test` }]
      : []),
    ...(topology.kind === "sentinel" && failover.failoverTimeoutMs < failover.downAfterMs
      ? [
          {
            field: "failover.failoverTimeoutMs",
            value: failover.failoverTimeoutMs,
            reason: late,
            fix: "set failover.failoverTimeoutMs: 60000",
          },
        ]
      : []),
  ];
}

const taken: readonly string[] = ["mymaster", "master", "primary", "redis", "valkey", "default", "sentinel"];

const unique: Rule = ({ name }) =>
  taken.includes(name) && {
    field: "name",
    value: name,
    reason: "everybody uses it, and two deployments of one name merge when an address is reused",
    fix: "name it after what it serves, e.g. name: shop-sessions",
  };

const oldest: Readonly<Record<DeploymentSpec["engine"]["name"], string>> = { redis: "7.0", valkey: "7.2" };

const version: Rule = ({ engine }) =>
  engine.version !== undefined &&
  !notOlder(engine.version, oldest[engine.name]) && {
    field: "engine.version",
    value: engine.version,
    reason: `the rendered directives and users need ${engine.name} ${oldest[engine.name]}, and older ones get no security fixes`,
    fix: `set engine.version: "${oldest[engine.name]}" or newer, or leave it out`,
  };

const zones: Rule = ({ placement }) => {
  const { zones: names } = placement;
  const report = (reason: string, fix: string): SpecProblem => ({ field: "placement.zones", value: names, reason, fix });
  if (new Set(names).size !== names.length)
    return report("one zone is named twice, and would count as two failure domains", "name each zone once");
  if (names.length !== 2) return false;
  return report("one of two zones holds the majority, and its loss stops every failover", "name three zones or more, or one, or none");
};

const rules: readonly Rule[] = [unique, version, topologyRefusals, memoryRefusals, persistent, evicting, lag, timers, zones];

export const refusals = (spec: DeploymentSpec): readonly SpecProblem[] => rules.flatMap((rule) => rule(spec) || []);
