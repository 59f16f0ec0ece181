// The engine's configuration, the same file for every data node. Nothing here is a node's own: lifecycle/ adds port, bind, dir,
// announced address, aclfile, certificate paths and `replicaof`, and fills the `%secret:NAME%` tokens. Pure text.
// Only directives that Redis 7.0 and every later Redis and Valkey know, unless the spec says that no node is older.

import { configText, directive, type ConfigSection, type Directive } from "./config-text.ts";
import type { DeploymentSpec } from "./deployment-spec.ts";
import { atLeast } from "./engine-version.ts";
import { memoryPlan } from "./memory-plan.ts";

/** How long a stop may wait for replicas that are behind, s. lifecycle's hand-over has drained them before; this is the second line. */
const shutdownTimeoutSeconds = 10;

function network({ security, placement, topology }: DeploymentSpec): readonly Directive[] {
  return [
    directive("bind", ["127.0.0.1", "-::1"], "Safe where nobody said otherwise; every node's own file overrides it."),
    directive("protected-mode", true, "Second line, should the users file ever be lost."),
    directive("tcp-keepalive", 60, "Half-open clients are dropped within two minutes, not hours."),
    directive("timeout", 0, "Workers and subscribers are idle by nature; keepalive finds the dead ones."),
    ...(placement.hostnames && topology.kind === "cluster" ? [directive("cluster-preferred-endpoint-type", "hostname")] : []),
    ...(security.tls === null
      ? []
      : [
          directive("tls-auth-clients", security.tls.clientAuth),
          directive("tls-replication", true),
          ...(topology.kind === "cluster" ? [directive("tls-cluster", true, "The bus has no other authentication.")] : []),
          directive("tls-protocols", ["TLSv1.2 TLSv1.3"]),
          directive("tls-prefer-server-ciphers", true),
        ]),
  ];
}

function access({ security, engine }: DeploymentSpec): readonly Directive[] {
  return [
    ...(security.defaultUser === "password" ? [directive("requirepass", "%secret:app%")] : []),
    directive("masteruser", "replication", "On every node, the primary of today included: it is a replica tomorrow."),
    directive("masterauth", "%secret:replication%"),
    directive("acl-pubsub-default", "resetchannels"),
    directive("acllog-max-len", 128),
    directive("enable-debug-command", false),
    directive("enable-module-command", false),
    directive(
      "enable-protected-configs",
      false,
      "Nobody moves dir or dbfilename over the wire: the classic way to write files on the host.",
    ),
    ...(atLeast(engine, { redis: "7.4", valkey: "8.0" }) ? [directive("hide-user-data-from-log", true)] : []),
  ];
}

const limit = (kind: string, hard: number, soft: number): Directive =>
  directive("client-output-buffer-limit", [kind, String(hard), String(Math.round(soft)), "60"]);

function memory(spec: DeploymentSpec): readonly Directive[] {
  const plan = memoryPlan(spec);
  return [
    directive("maxmemory", plan.maxmemoryBytes, `${spec.memory.maxmemoryPercent} % of ${spec.memory.limitMb} MiB.`),
    directive("maxmemory-policy", spec.eviction),
    directive("maxmemory-clients", "20%", "All clients together; the greediest is cut off first."),
    {
      ...limit("normal", plan.normalBufferBytes, plan.normalBufferBytes / 2),
      why: "Stock is unlimited, and one client that does not read fills the memory.",
    },
    limit("replica", plan.replicaBufferBytes, plan.replicaBufferBytes),
    limit("pubsub", plan.pubsubBufferBytes, plan.pubsubBufferBytes / 4),
    directive("lazyfree-lazy-eviction", true, "Large values are freed beside the main thread."),
    directive("lazyfree-lazy-expire", true),
    directive("lazyfree-lazy-server-del", true),
    directive("replica-lazy-flush", true),
  ];
}

function persistence({ persistence: { aof, rdb } }: DeploymentSpec): readonly Directive[] {
  return [
    ...(rdb.length === 0
      ? [directive("save", "")]
      : rdb.map(([seconds, changes]) => directive("save", [String(seconds), String(changes)]))),
    directive("stop-writes-on-bgsave-error", true, "A disk that takes no snapshot takes no promise either."),
    directive("rdbcompression", true),
    directive("rdbchecksum", true),
    directive("appendonly", aof !== "off"),
    ...(aof === "off"
      ? []
      : [
          directive("appendfsync", aof),
          directive("no-appendfsync-on-rewrite", false, "Yes would widen the loss of a host crash to the length of a rewrite."),
          directive("aof-use-rdb-preamble", true),
          directive("aof-load-truncated", true, "A torn last write is cut off, not a reason to stay down."),
          directive("aof-timestamp-enabled", false),
          directive("auto-aof-rewrite-percentage", 100),
          directive("auto-aof-rewrite-min-size", "64mb"),
        ]),
  ];
}

function replication(spec: DeploymentSpec): readonly Directive[] {
  const { minReplicasToWrite, maxReplicaLagSeconds, staleReplicaReads } = spec.durability;
  const serveStale = staleReplicaReads
    ? "An old cached value beats none."
    : "A replica without its primary answers MASTERDOWN, not data of unknown age.";
  return [
    directive("min-replicas-to-write", minReplicasToWrite),
    directive("min-replicas-max-lag", maxReplicaLagSeconds, "A cut-off primary stops taking writes after this many seconds."),
    directive("repl-ping-replica-period", 1, "A lag bound of seconds needs a pulse of one."),
    directive("repl-timeout", 30, "Ten times the longest fork measured; bounds how long a dead link counts as up."),
    directive("repl-diskless-sync", true),
    directive("repl-diskless-sync-delay", 0, "Stock waits 5 s for more replicas before every resynchronisation."),
    directive("repl-backlog-size", memoryPlan(spec).backlogBytes),
    directive("repl-backlog-ttl", 3600),
    directive("replica-serve-stale-data", staleReplicaReads, serveStale),
    directive("replica-read-only", true),
    directive("replica-ignore-maxmemory", true, "The primary evicts; a replica that did so too would differ from it."),
    directive("shutdown-timeout", shutdownTimeoutSeconds),
  ];
}

function cluster({ topology, failover, profile, engine, security }: DeploymentSpec): readonly Directive[] {
  if (topology.kind !== "cluster") return [];
  const guardsBus = atLeast(engine, { redis: "8.8.3" }) && security.tls !== null;
  return [
    directive("cluster-enabled", true),
    directive("cluster-config-file", "nodes.conf"),
    directive("cluster-node-timeout", failover.nodeTimeoutMs),
    directive(
      "cluster-require-full-coverage",
      false,
      "One shard's failover must not stop the others (0.9 s measured with yes, 0.015 s with no).",
    ),
    directive("cluster-allow-reads-when-down", false),
    directive("cluster-allow-replica-migration", false, "Replicas stay where the zones were planned."),
    directive(
      "cluster-replica-validity-factor",
      profile === "durable" ? 10 : 0,
      profile === "durable" ? "A replica cut off for long does not promote itself with old data." : "Any copy is better than none.",
    ),
    ...(guardsBus ? [directive("cluster-bus-port-protected-mode", true)] : []),
  ];
}

const watching: readonly Directive[] = [
  directive("loglevel", "notice"),
  directive("logfile", "", "Standard output: whoever runs the server keeps its log."),
  directive("daemonize", false),
  directive("latency-monitor-threshold", 100),
  directive("slowlog-log-slower-than", 10_000),
  directive("slowlog-max-len", 512),
  directive("busy-reply-threshold", 5_000),
];

export function serverConfig(spec: DeploymentSpec): string {
  const sections: readonly ConfigSection[] = [
    { title: "network", directives: network(spec) },
    { title: "access", directives: access(spec) },
    { title: "memory", directives: memory(spec) },
    { title: "persistence", directives: persistence(spec) },
    { title: "replication", directives: replication(spec) },
    { title: "cluster", directives: cluster(spec) },
    { title: "watching", directives: watching },
  ];
  const head = `${spec.name}: ${spec.engine.name}, ${spec.topology.kind}, ${spec.profile} profile. Rendered by holdfast from its spec; do not edit.\nThe same on every node, and without secrets: %secret:NAME% is filled in when a node starts.`;
  return configText(head, sections);
}
