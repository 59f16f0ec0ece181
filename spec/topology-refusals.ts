// Counts of nodes that cannot do what the topology is for: outvote a lost member, or lose one and keep taking writes. Pure.

import type { DeploymentSpec } from "./deployment-spec.ts";
import type { SpecProblem } from "./spec-error.ts";

type Sentinels = Extract<DeploymentSpec["topology"], { kind: "sentinel" }>;

function sentinelCounts({ sentinels, quorum }: Sentinels): readonly SpecProblem[] {
  const field = "topology.sentinels";
  if (sentinels < 3) {
    return [
      {
        field,
        value: sentinels,
        reason: "fewer than 3 have no majority once one is lost",
        fix: "set topology.sentinels: 3 and topology.quorum: 2",
      },
    ];
  }
  if (sentinels % 2 === 0) {
    const reason = "an even number survives no more losses than one fewer, and a partition can split it in halves that do nothing";
    return [{ field, value: sentinels, reason, fix: `set topology.sentinels: ${sentinels - 1} or ${sentinels + 1}` }];
  }
  const majority = Math.floor(sentinels / 2) + 1;
  const fix = `set topology.quorum: ${majority}`;
  const problem = (reason: string): readonly SpecProblem[] => [{ field: "topology.quorum", value: quorum, reason, fix }];
  if (quorum > sentinels) return problem(`${sentinels} Sentinels can never reach it`);
  if (quorum === sentinels) return problem("one lost Sentinel would stop every failover");
  if (quorum < majority) return problem("a minority that cannot reach the primary would start failovers");
  return [];
}

function replicas({ topology, durability, failover }: DeploymentSpec): readonly SpecProblem[] {
  const count = topology.replicas;
  const needed = durability.minReplicasToWrite;
  if (count === 0) {
    return [{ field: "topology.replicas", value: 0, reason: "nothing can take over from a lost primary", fix: "set topology.replicas: 2" }];
  }
  const stops = `after a failover ${count - 1} of ${count} replicas are left, and the new primary refuses writes until the lost node is back`;
  const atOnce = "all replicas would resynchronise at once after a failover, and none could take over or serve meanwhile";
  return [
    ...(needed >= count
      ? [
          {
            field: "durability.minReplicasToWrite",
            value: needed,
            reason: stops,
            fix: `set topology.replicas: ${needed + 1}, or durability.minReplicasToWrite: ${count - 1}`,
          },
        ]
      : []),
    ...(topology.kind === "sentinel" && count > 1 && failover.parallelSyncs >= count
      ? [{ field: "failover.parallelSyncs", value: failover.parallelSyncs, reason: atOnce, fix: "set failover.parallelSyncs: 1" }]
      : []),
  ];
}

export function topologyRefusals(spec: DeploymentSpec): readonly SpecProblem[] {
  const { topology } = spec;
  if (topology.kind === "sentinel") return [...sentinelCounts(topology), ...replicas(spec)];
  const shards: readonly SpecProblem[] =
    topology.shards < 3
      ? [
          {
            field: "topology.shards",
            value: topology.shards,
            reason: "fewer than 3 primaries have no majority to vote a replica in",
            fix: "set topology.shards: 3, or topology.kind: sentinel",
          },
        ]
      : [];
  return [...shards, ...replicas(spec)];
}
