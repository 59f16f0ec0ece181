// The words every target speaks: what it is given, what it brings up, and what the deployment can then suffer.
// Types only. A fault a target cannot do is a key that is absent, and the run reports it as `not-applicable`.

import type { DeploymentSpec } from "../../spec/deployment-spec.ts";

/** A host (name or address) and a TCP port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** PEM texts for a TLS client. */
export interface TlsMaterial {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What a client needs to reach a deployment; the connection pattern turns it into client options. */
export interface ConnectionOptions {
  readonly topology: "sentinel" | "cluster";
  /** All Sentinels (empty under Cluster). */
  readonly sentinels: readonly Address[];
  /** The monitored name (empty under Cluster). */
  readonly masterName: string;
  /** All data nodes: Cluster seeds, and under Sentinel the nodes that may be asked for their role. */
  readonly nodes: readonly Address[];
  readonly username: string;
  readonly password: string;
  readonly tls?: TlsMaterial;
}

/** The closed list of faults; each is aimed at a role, never at a machine. */
export const faultNames = [
  "crash-primary",
  "hang-primary",
  "stop-primary",
  "switch-over",
  "partition-primary",
  "crash-replica",
  "lose-sentinels",
  "rolling-restart",
  "full-outage",
  "empty-primary",
  "fill-memory",
  "fill-disk",
  "slow-network",
  "move-slots",
  "flush-scripts",
  "rotate-password",
  "restore-backup",
] as const;
export type FaultName = (typeof faultNames)[number];

/** What a node says of itself. */
export interface NodeView {
  readonly id: string;
  readonly address: Address;
  readonly zone: string;
  /** `unreachable`: it did not answer within the probe's time. */
  readonly role: "primary" | "replica" | "unreachable";
  /** Which shard (0-based) the node serves; 0 under Sentinel. */
  readonly shard: number;
  /** `master_link_status` of a replica; true for a primary. */
  readonly linkUp: boolean;
  /** Whether it would take a write now: a primary that reports itself writable. */
  readonly writable: boolean;
  /** Cluster: `cluster_my_epoch`; Sentinel: 0 (data nodes know no epoch). */
  readonly epoch: number;
  readonly runId: string;
  readonly offset: number;
}

/** Where a fault is aimed: a shard's role, with randomness from the run's seed (0 <= random() < 1). */
export interface Aim {
  readonly shard: number;
  readonly random: () => number;
  /** `process`: the server alone. `node`: the server, its supervisor and its Sentinel. `data-lost`: full-outage without the primary's volume. */
  readonly variant?: FaultVariant;
}
export type FaultVariant = "process" | "node" | "data-lost";

/** What a fault was seen to do. `effective` false makes every verdict of the fault `inconclusive`. */
export interface Evidence {
  readonly effective: boolean;
  /** Sentences with numbers, in the order they were seen. */
  readonly seen: readonly string[];
  /** When another node was first seen to be the shard's primary (monotonic ns), where one was. */
  readonly promotedAtNs?: bigint;
}

/** A fault that was injected. Disposing heals it and waits until the heal is seen. */
export interface Injected extends AsyncDisposable {
  readonly observed: Evidence;
  /** Set when one application client was left on the primary's side of a partition: it reaches that node here and nothing else. */
  readonly minority?: Address;
  /** Waits (bounded) until the fault has done what it does, and completes the evidence. */
  settled(): Promise<Evidence>;
}

export type Faults = Partial<Record<FaultName, (aim: Aim) => Promise<Injected>>>;

/** A running deployment. Disposing removes every process, namespace, and folder of it. */
export interface Deployment extends AsyncDisposable {
  readonly spec: DeploymentSpec;
  /** The engine's own answer, e.g. "7.0.15". */
  readonly engineVersion: string;
  /** From the start of `up` to full redundancy, ms. */
  readonly readyMs: number;
  connection(role?: "app" | "operator"): ConnectionOptions;
  /** Slots of each shard, first and last, in shard order; one entry with all slots under Sentinel. */
  readonly shards: readonly (readonly [first: number, last: number])[];
  nodes(): Promise<readonly NodeView[]>;
  /** Resolves when every node is linked and every Sentinel or Cluster node agrees; rejects with TargetError after `timeoutMs`. */
  redundant(timeoutMs: number): Promise<void>;
  /** The last lines of each node's logs, by node id; never a secret. */
  logs(): Promise<Readonly<Record<string, string>>>;
  readonly faults: Faults;
  /** Why a fault is absent from `faults`, by name. */
  readonly missing: Readonly<Partial<Record<FaultName, string>>>;
}

/** What a run lends a target: names, randomness, and a voice. */
export interface RunContext {
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

export interface Target {
  readonly name: string;
  /** Reasons why this spec cannot be brought up here, in words; empty means it can. Starts nothing. */
  unsupported(spec: DeploymentSpec): readonly string[];
  up(spec: DeploymentSpec, run: RunContext): Promise<Deployment>;
}

/** A target could not be brought up or reached. The message says what was wanted, where, for how long, and the option to change. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}
