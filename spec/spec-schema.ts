// The shape of a complete deployment spec, field by field, with the sentence and the unit the reference page prints.
// Shape and ranges only: defaults are in spec-defaults.ts, and combinations that hurt are refused in refusals.ts.

import { z } from "zod";

/** What a deployment may be asked to carry; the first ten are the names of the conformance patterns. */
export const carriedPatterns = [
  "connection",
  "cache-aside",
  "write-through",
  "session-store",
  "rate-limiter",
  "pub-sub",
  "job-queue",
  "job-schedule",
  "leaderboard",
  "analytics",
  "event-stream",
  "lock",
  "idempotency-key",
] as const;

export const evictionPolicies = [
  "noeviction",
  "allkeys-lru",
  "allkeys-lfu",
  "allkeys-random",
  "volatile-lru",
  "volatile-lfu",
  "volatile-random",
  "volatile-ttl",
] as const;

const field = <T extends z.ZodType>(schema: T, description: string, unit?: string): T =>
  schema.meta(unit === undefined ? { description } : { description, unit });

const whole = (low: number, high: number, description: string, unit?: string) => field(z.int().min(low).max(high), description, unit);

const engine = z.strictObject({
  name: field(z.enum(["redis", "valkey"]), "Which server runs."),
  version: field(
    z.string().regex(/^\d+\.\d+(\.\d+)?$/),
    "The oldest version on any node. Directives newer than Redis 7.0, and the permission for atomic slot moves (Valkey 9.0, Redis 8.4), are rendered only when it is given.",
  ).optional(),
});

const sentinelTopology = z.strictObject({
  kind: field(z.literal("sentinel"), "One primary with replicas, watched by Sentinels."),
  replicas: whole(0, 10, "Replicas of the primary."),
  sentinels: whole(1, 15, "Sentinels, each in a failure domain of its own.", "odd"),
  quorum: whole(1, 15, "Sentinels that must call the primary down before one of them starts a failover."),
});

const clusterTopology = z.strictObject({
  kind: field(z.literal("cluster"), "Slots shared out over shards that vote on each other's failovers."),
  shards: whole(1, 500, "Primaries that own slots."),
  replicas: whole(0, 10, "Replicas of each shard."),
});

const memory = z.strictObject({
  limitMb: whole(64, 1_048_576, "Memory limit of one server's container or host. Everything else about memory follows from it.", "MiB"),
  maxmemoryPercent: whole(10, 95, "Share of the limit that data may fill.", "%"),
  volumeMb: whole(
    16,
    16_777_216,
    "Size of a data node's volume. Left out: 4 times maxmemory with an append-only file, 2 times with snapshots only, else 1.",
    "MiB",
  ),
});

const persistence = z.strictObject({
  aof: field(z.enum(["everysec", "always", "no", "off"]), "When the append-only file reaches the disk; `off` keeps no such file."),
  rdb: field(
    z.array(z.tuple([z.int().min(1), z.int().min(1)])),
    "Snapshot when so many changes happened in so many seconds; empty for none.",
    "[s, changes]",
  ),
});

const durability = z.strictObject({
  minReplicasToWrite: whole(0, 10, "Replicas that must be in touch for the primary to take a write."),
  maxReplicaLagSeconds: whole(0, 60, "How long ago such a replica may have been heard; bounds what a cut-off primary can lose.", "s"),
  staleReplicaReads: field(z.boolean(), "Whether a replica without its primary answers reads with data of unknown age."),
});

const failover = z.strictObject({
  downAfterMs: whole(100, 600_000, "Silence after which a Sentinel calls the primary down.", "ms"),
  failoverTimeoutMs: whole(1_000, 3_600_000, "Sentinel: half the wait before a failed failover is tried again.", "ms"),
  nodeTimeoutMs: whole(100, 600_000, "Cluster: silence after which a node suspects another.", "ms"),
  parallelSyncs: whole(1, 10, "Sentinel: replicas that may resynchronise with a new primary at once."),
  testTimers: field(z.boolean(), "Allows detection below 1000 ms. For tests: such timers fail over on a slow fork."),
});

const tls = z.strictObject({
  clientAuth: field(z.enum(["yes", "no", "optional"]), "Whether clients must show a certificate."),
});

/** One word of a users file: no space, and no %, which starts a token. */
const glob = z.string().regex(/^[!-$&-~]{1,200}$/);

const security = z.strictObject({
  defaultUser: field(z.enum(["off", "password"]), "`password`: clients that know no user names log in with the password of user app."),
  secretsFrom: field(
    z.enum(["generated", "folder"]),
    "Who supplies the passwords, one file each: the target makes them, or they are mounted. Passwords never stand in a spec.",
  ),
  appKeyPattern: field(glob, "Keys the application may touch (glob)."),
  appChannels: field(
    glob,
    "Channels the application may use (glob). Under Sentinel, `[^_]*` keeps it from forging the Sentinels' own messages, and from PSUBSCRIBE.",
  ),
  tls: field(
    tls.nullable(),
    "Encryption of clients, replication, Sentinels and bus; the plaintext port closes. null for none. Costs 1.5 to 1.7 times the server CPU per operation.",
  ),
});

const placement = z.strictObject({
  zones: field(z.array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/)), "Failure domains to spread over; empty leaves it to the target."),
  hostnames: field(z.boolean(), "Announce host names instead of addresses, where addresses do not survive a restart."),
});

export const deploymentSpecSchema = z.strictObject({
  name: field(
    z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
    "Unique name; also the monitored name under Sentinel, so that two deployments can never merge.",
  ),
  engine,
  topology: z.discriminatedUnion("kind", [sentinelTopology, clusterTopology]),
  profile: field(z.enum(["durable", "cache"]), "`durable` loses as little as it can and refuses writes when full; `cache` evicts."),
  memory,
  persistence,
  eviction: field(z.enum(evictionPolicies), "What happens at maxmemory."),
  durability,
  failover,
  carries: field(z.array(z.enum(carriedPatterns)), "What applications will keep here; unfit combinations are refused.").optional(),
  security,
  placement,
});
