// The four specs one can ask for by name: each topology under each profile, all else the recommended values.

import { deploymentSpec, type DeploymentSpec } from "./deployment-spec.ts";

export const specNames = ["durable-sentinel", "durable-cluster", "cache-sentinel", "cache-cluster"] as const;
export type SpecName = (typeof specNames)[number];

export const namedSpecs: Readonly<Record<SpecName, DeploymentSpec>> = {
  "durable-sentinel": deploymentSpec({ profile: "durable", topology: { kind: "sentinel" } }),
  "durable-cluster": deploymentSpec({ profile: "durable", topology: { kind: "cluster" } }),
  "cache-sentinel": deploymentSpec({ profile: "cache", topology: { kind: "sentinel" } }),
  "cache-cluster": deploymentSpec({ profile: "cache", topology: { kind: "cluster" } }),
};

export const isSpecName = (name: string): name is SpecName => specNames.some((known) => known === name);
