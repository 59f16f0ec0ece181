// The Sentinels' configuration, the same file for each. lifecycle/ adds port, bind, dir, announced address, aclfile, the
// `sentinel monitor` line and what the Sentinel has learned. The engine reads these lines in any order. Pure text.

import { configText, directive, type Directive } from "./config-text.ts";
import type { DeploymentSpec } from "./deployment-spec.ts";

const sentinel = (words: readonly (string | number)[], why?: string): Directive => directive("sentinel", words.map(String), why);

function names({ placement }: DeploymentSpec): readonly Directive[] {
  if (!placement.hostnames) return [];
  return [
    sentinel(["resolve-hostnames", "yes"], "Addresses here do not survive a restart, names do."),
    sentinel(["announce-hostnames", "yes"]),
  ];
}

function watch({ name, failover }: DeploymentSpec): readonly Directive[] {
  return [
    sentinel(["down-after-milliseconds", name, failover.downAfterMs]),
    sentinel(["failover-timeout", name, failover.failoverTimeoutMs], "A failed failover is tried again after twice this."),
    sentinel(["parallel-syncs", name, failover.parallelSyncs], "The other replicas keep serving meanwhile."),
  ];
}

function access({ name, security }: DeploymentSpec): readonly Directive[] {
  return [
    directive("bind", ["127.0.0.1", "-::1"], "Safe where nobody said otherwise; every Sentinel's own file overrides it."),
    directive("protected-mode", true, "Second line, should the users file ever be lost."),
    sentinel(["auth-user", name, "sentinel"], "Towards the data nodes."),
    sentinel(["auth-pass", name, "%secret:sentinel%"]),
    sentinel(["sentinel-user", "sentinel"], "Towards each other."),
    sentinel(["sentinel-pass", "%secret:sentinel%"]),
    sentinel(["deny-scripts-reconfig", "yes"], "Nobody makes a Sentinel run a program over the wire."),
    directive("acllog-max-len", 128),
    ...(security.tls === null
      ? []
      : [
          directive("tls-replication", true, "Also for the links to nodes and peers."),
          directive("tls-auth-clients", security.tls.clientAuth),
          directive("tls-protocols", ["TLSv1.2 TLSv1.3"]),
        ]),
  ];
}

const logging: readonly Directive[] = [directive("loglevel", "notice"), directive("logfile", ""), directive("daemonize", false)];

export function sentinelConfig(spec: DeploymentSpec): string {
  const head = `${spec.name}: Sentinels. Rendered by holdfast from its spec; do not edit.\nThe same for every Sentinel, and without secrets: %secret:NAME% is filled in when one starts.`;
  return configText(head, [
    { title: "names", directives: names(spec) },
    { title: "watch", directives: watch(spec) },
    { title: "access", directives: access(spec) },
    { title: "logging", directives: logging },
  ]);
}
