// What a spec means where it is silent: the recommended production values, by profile and topology.
// Sources: performance.md section 7 and patterns.md section 5, as measured. It validates nothing: odd input passes through for the schema to name.

import type { DeploymentSpec } from "./deployment-spec.ts";

type Plain = Readonly<Record<string, unknown>>;

const isPlain = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value);
const section = (input: Plain, name: string): Plain => (isPlain(input[name]) ? input[name] : {});

const topologies: Readonly<Record<DeploymentSpec["topology"]["kind"], DeploymentSpec["topology"]>> = {
  sentinel: { kind: "sentinel", replicas: 2, sentinels: 3, quorum: 2 },
  cluster: { kind: "cluster", shards: 3, replicas: 2 },
};

/** The fields whose recommended value depends on the profile. */
export const profileDefaults: Readonly<
  Record<DeploymentSpec["profile"], Pick<DeploymentSpec, "persistence" | "eviction" | "durability"> & { readonly maxmemoryPercent: number }>
> = {
  durable: {
    maxmemoryPercent: 60,
    persistence: {
      aof: "everysec",
      rdb: [
        [900, 1],
        [300, 10],
        [60, 10_000],
      ],
    },
    eviction: "noeviction",
    durability: { minReplicasToWrite: 1, maxReplicaLagSeconds: 3, staleReplicaReads: false },
  },
  cache: {
    maxmemoryPercent: 75,
    persistence: { aof: "off", rdb: [] },
    eviction: "allkeys-lfu",
    durability: { minReplicasToWrite: 0, maxReplicaLagSeconds: 0, staleReplicaReads: true },
  },
};

const failover: DeploymentSpec["failover"] = {
  downAfterMs: 5_000,
  failoverTimeoutMs: 60_000,
  nodeTimeoutMs: 5_000,
  parallelSyncs: 1,
  testTimers: false,
};

const security: DeploymentSpec["security"] = {
  defaultUser: "off",
  secretsFrom: "generated",
  appKeyPattern: "*",
  appChannels: "*",
  tls: null,
};

/** What TLS means when a spec asks for it and says no more. */
const tls: NonNullable<DeploymentSpec["security"]["tls"]> = { clientAuth: "yes" };

/** A volume for the rewrite of a full append-only file beside the old one and a snapshot, or for a snapshot beside its successor. */
function volumeMb(memory: Plain, persistence: Plain): number {
  const maxmemoryMb = (Number(memory["limitMb"]) * Number(memory["maxmemoryPercent"])) / 100;
  const factor = persistence["aof"] !== "off" ? 4 : Array.isArray(persistence["rdb"]) && persistence["rdb"].length > 0 ? 2 : 1;
  return Math.min(16_777_216, Math.max(16, Math.ceil(maxmemoryMb * factor) || 16));
}

/** The input with every silence filled. What it says, right or wrong, is kept. */
export function withDefaults(input: Plain): Plain {
  const profile = input["profile"] === "cache" ? "cache" : "durable";
  const kind = section(input, "topology")["kind"] === "cluster" ? "cluster" : "sentinel";
  const base = profileDefaults[profile];
  const filled = (name: string, defaults: Plain, nested: Plain = {}): unknown =>
    input[name] === undefined || isPlain(input[name]) ? { ...defaults, ...section(input, name), ...nested } : input[name];
  const persistence = filled("persistence", base.persistence);
  const memory = filled("memory", { limitMb: 512, maxmemoryPercent: base.maxmemoryPercent });
  const asked = section(input, "security");
  return {
    name: `${profile}-${kind}`,
    profile,
    eviction: base.eviction,
    ...input,
    engine: filled("engine", { name: "redis" }),
    topology: filled("topology", { ...topologies[kind] }),
    memory: isPlain(memory) ? { volumeMb: volumeMb(memory, isPlain(persistence) ? persistence : {}), ...memory } : memory,
    persistence,
    durability: filled("durability", base.durability),
    failover: filled("failover", failover),
    security: filled("security", security, isPlain(asked["tls"]) ? { tls: { ...tls, ...asked["tls"] } } : {}),
    placement: filled("placement", { zones: [], hostnames: false }),
  };
}
