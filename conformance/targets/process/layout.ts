// Who lives where: names, addresses, and shards of the nodes of one deployment. Pure; starts nothing.

import type { DeploymentSpec } from "../../../spec/deployment-spec.ts";
import type { Address } from "../target.ts";

export interface NodePlace {
  readonly name: string;
  readonly address: Address;
  /** A second address of the same server, which partitions leave open: where a client on the primary's side still reaches it. */
  readonly sideDoor: Address;
  readonly zone: string;
  readonly shard: number;
}

export interface SentinelPlace {
  readonly name: string;
  readonly address: Address;
  /** The data node that shares its host. */
  readonly host: string;
}

export interface Layout {
  readonly nodes: readonly NodePlace[];
  readonly sentinels: readonly SentinelPlace[];
  readonly shards: readonly (readonly [number, number])[];
}

export const slotCount = 16384;

/** Slots split as evenly as they go, the same way `lifecycle/` does at first boot. */
export const shardSlots = (shards: number): readonly (readonly [number, number])[] =>
  Array.from(
    { length: shards },
    (_, shard) => [Math.floor((shard * slotCount) / shards), Math.floor(((shard + 1) * slotCount) / shards) - 1] as const,
  );

/** `network` is the first two octets, e.g. "127.0"; ports are the usual ones unless `portBase` says otherwise. */
export function layOut(spec: DeploymentSpec, network: string, portBase = 6379): Layout {
  const shards = spec.topology.kind === "cluster" ? spec.topology.shards : 1;
  const total = shards * (1 + spec.topology.replicas);
  const place = (index: number): NodePlace => ({
    name: `n${index + 1}`,
    address: { host: `${network}.1.${index + 1}`, port: portBase },
    sideDoor: { host: `${network}.101.${index + 1}`, port: portBase },
    zone: `zone-${"abc"[(index + Math.floor(index / shards)) % 3] ?? "a"}`,
    shard: index % shards,
  });
  const sentinels = spec.topology.kind === "sentinel" ? spec.topology.sentinels : 0;
  return {
    nodes: Array.from({ length: total }, (_, index) => place(index)),
    sentinels: Array.from({ length: sentinels }, (_, index) => ({
      name: `s${index + 1}`,
      address: { host: `${network}.1.${index + 1}`, port: portBase + 20_000 },
      host: `n${index + 1}`,
    })),
    shards: shardSlots(shards),
  };
}
