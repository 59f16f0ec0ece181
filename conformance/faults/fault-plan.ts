// Which faults a run injects, in which form and order, and how long it watches afterwards. Data only; targets know how to do them.

import type { FaultName, FaultVariant } from "../targets/target.ts";

export interface FaultStep {
  readonly name: FaultName;
  readonly variant?: FaultVariant;
}

export interface FaultTier {
  readonly name: "quick" | "core";
  readonly steps: readonly FaultStep[];
  /** Detection timers: the spec's own (`production`), or 2 s for faults that wait for detection (performance.md 1.7: none spurious at 2 s). */
  readonly timers: "production" | "test";
}

export const testTimersMs = 2000;

/** Every pull request: the two that need no detection, at production timers. */
export const quickTier: FaultTier = { name: "quick", timers: "production", steps: [{ name: "crash-primary" }, { name: "switch-over" }] };

/** The core: planned ones first, then crashes, then what needs detection, then outages. */
export const coreTier: FaultTier = {
  name: "core",
  timers: "test",
  steps: [
    { name: "switch-over" },
    { name: "crash-primary" },
    { name: "crash-replica" },
    { name: "stop-primary" },
    { name: "empty-primary" },
    { name: "crash-primary", variant: "node" },
    { name: "empty-primary", variant: "node" },
    { name: "hang-primary" },
    { name: "hang-primary", variant: "node" },
    { name: "partition-primary" },
    { name: "full-outage" },
    { name: "full-outage", variant: "data-lost" },
  ],
};

/** The forms a fault has besides the plain one; `process` names the plain one. */
export const faultForms: Readonly<Partial<Record<FaultName, readonly FaultVariant[]>>> = {
  "crash-primary": ["process", "node"],
  "hang-primary": ["process", "node"],
  "empty-primary": ["process", "node"],
  "full-outage": ["data-lost"],
};

/** What each fault is, for people: shown by `holdfast list faults` and in the reference. */
export const faultDescriptions: Readonly<Record<FaultName, string>> = {
  "crash-primary": "SIGKILL to the primary's server; `node`: to its whole host, supervisor and Sentinel included",
  "hang-primary": "the primary's server freezes past detection and is then resumed; `node`: its whole host freezes",
  "stop-primary": "SIGTERM to the primary's supervisor, as a drain or a pod deletion does",
  "switch-over": "the operator's own command moves the primary's role",
  "partition-primary": "the primary and one client are cut off from everybody else for 20 s, then healed",
  "crash-replica": "SIGKILL to a replica's server",
  "lose-sentinels": "all Sentinels are gone for 15 s",
  "rolling-restart": "every node restarts, replicas first",
  "full-outage": "everybody is killed and returns, stalest first; `data-lost`: without the primary's volume",
  "empty-primary": "the primary's data is gone and its process back at once; `node`: with its supervisor killed too",
  "fill-memory": "writes until maxmemory",
  "fill-disk": "the data volume has no space left",
  "slow-network": "50 ms +- 10 ms and 1 % loss between nodes",
  "move-slots": "a slot range moves under load",
  "flush-scripts": "the script cache is emptied",
  "rotate-password": "passwords change under load",
  "restore-backup": "a backup is restored into a fresh deployment",
};
